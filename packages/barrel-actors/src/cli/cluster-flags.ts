/** The flags that say who is let in, as options of the carrier. */

import type { QuicOptions } from '@barrel-actors/dist-quic'
import { systemDisk } from '@barrel-actors/runtime'

export interface ClusterFlags {
  readonly clusterKey?: string
  readonly clusterCertificate?: string
  readonly clusterPublicKey?: readonly string[]
  readonly openToStrangers?: boolean
}

/** The options that the flags and the environment come to. The flag wins over the environment. */
export function clusterOptions(
  { clusterKey, clusterCertificate, clusterPublicKey, openToStrangers }: ClusterFlags,
  env: NodeJS.ProcessEnv,
): Pick<QuicOptions, 'clusterKey' | 'clusterCertificate' | 'clusterKeys' | 'openToStrangers'> {
  const fromEnv = clusterCertificate === undefined ? env['BARREL_CLUSTER_KEY'] || undefined : undefined
  const file = clusterKey ?? fromEnv
  return {
    ...(file !== undefined && { clusterKey: file }),
    ...(clusterCertificate !== undefined && { clusterCertificate }),
    ...(clusterPublicKey !== undefined && { clusterKeys: clusterPublicKey }),
    ...(openToStrangers === true && { openToStrangers }),
  }
}

/** The first of these files that is there. */
export async function findFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const bytes = await systemDisk.read(path, 4096).catch(() => new Uint8Array(0))
    if (bytes !== undefined) return path
  }
  return undefined
}
