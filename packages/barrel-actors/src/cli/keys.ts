/** `barrel-actors keys`: the keys of a node that does not run. */

import { openKeyFolder, publicKeyText } from '@barrel-actors/dist-quic'
import { checkNodeName, holdDataFolder, systemClock, systemDisk, systemEntropy } from '@barrel-actors/runtime'
import { commandLineError } from '../errors.ts'
import { exitCode } from './print-error.ts'

export interface KeysOptions {
  readonly name: string
  readonly data?: string
}

/** What is done with the keys. */
export type KeysCommand =
  | { readonly kind: 'list' | 'show' | 'rotate' }
  | { readonly kind: 'trust'; readonly peer: string; readonly key: string }
  | { readonly kind: 'forget' | 'revoke'; readonly peer: string }

/** Does it, and prints what came of it. */
export async function keys(command: KeysCommand, { name, data }: KeysOptions): Promise<number> {
  const node = checkNodeName(name)
  const dataDir = data ?? `data/${node}`
  if ((await systemDisk.list(dataDir)).length === 0) throw commandLineError('E_DATA_MISSING', { path: dataDir })
  const seams = { disk: systemDisk, clock: systemClock, entropy: systemEntropy }
  // A node that runs would not see what is changed here.
  const lock = await holdDataFolder({ dataDir, isShared: false }, node, seams)
  try {
    process.stdout.write(await perform(command, await openKeyFolder(node, dataDir, seams)))
    return exitCode.fine
  } finally {
    await lock.release()
  }
}

async function perform(command: KeysCommand, folder: Awaited<ReturnType<typeof openKeyFolder>>): Promise<string> {
  const { trust } = folder
  switch (command.kind) {
    case 'show':
      return `public key   ${publicKeyText(folder.publicKey)}\nfingerprint  ${folder.fingerprint}\n`
    case 'list': {
      const pins = trust
        .list()
        .map(({ node, fingerprint, pinnedAt, pinnedBy }) => [node, fingerprint, pinnedBy, pinnedAt])
      const revoked = trust
        .revoked()
        .map(({ node, fingerprint, revokedAt }) => [node ?? '-', fingerprint, 'revoked', revokedAt])
      return [...pins, ...revoked].map(parts => `${parts.join('  ')}\n`).join('')
    }
    case 'trust':
      await trust.pin(checkNodeName(command.peer), command.key)
      return `${command.peer} is pinned to ${trust.list().find(pin => pin.node === command.peer)?.fingerprint}\n`
    case 'forget':
      return (await trust.forget(checkNodeName(command.peer)))
        ? `${command.peer} is forgotten\n`
        : `${command.peer} was not pinned\n`
    case 'revoke':
      return `revoked ${(await trust.revoke(command.peer)).fingerprint}\n`
    case 'rotate': {
      const { fingerprint, backup } = await folder.rotate()
      return `new fingerprint  ${fingerprint}\nold key kept in  ${backup}\n`
    }
    default:
      return command satisfies never
  }
}
