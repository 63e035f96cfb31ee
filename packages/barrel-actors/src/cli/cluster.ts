/** `barrel-actors cluster`: the key of a cluster, and certificates that it signs. */

import { writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { certifyMember, newClusterKey, publicKeyText, readClusterKey } from '@barrel-actors/dist-quic'
import { checkNodeName, systemClock, systemDisk, systemEntropy } from '@barrel-actors/runtime'
import { commandLineError } from '../errors.ts'
import { exitCode, problemOf } from './print-error.ts'

const dayMs = 86_400_000
const textBytesMax = 4096

export interface SignOptions {
  readonly clusterKey: string
  readonly name: string
  readonly nodeKey: string
  readonly tool?: boolean
  readonly days: number
  readonly out?: string
}

/** Makes a cluster key. A file that is there stays: other nodes may have copies of it. */
export async function newCluster(file: string): Promise<number> {
  try {
    // Fails where anything is there, a link too.
    await writeFile(file, newClusterKey(systemEntropy), { flag: 'wx', mode: 0o600, flush: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw commandLineError('E_FILE_EXISTS', { path: resolve(file) })
    throw unusable(file, error)
  }
  process.stdout.write(`${await describe(file)}
Who has this file can be any node of the cluster. Copy it to each machine, readable by the user of the node only:
  barrel-actors start --cluster-key ${file} --name NAME@HOST
`)
  return exitCode.fine
}

/** Prints the open half of a cluster key. */
export async function showCluster(file: string): Promise<number> {
  process.stdout.write(`${await describe(file)}\n`)
  return exitCode.fine
}

async function describe(file: string): Promise<string> {
  const { publicKey, fingerprint } = await readClusterKey(systemDisk, file)
  return `file        ${resolve(file)}\npublic key  ${publicKeyText(publicKey)}\ncluster id  ${fingerprint}`
}

/** Signs a certificate for a node that is not to have the cluster key. */
export async function signCertificate({ clusterKey, name, nodeKey, tool, days, out }: SignOptions): Promise<number> {
  const node = checkNodeName(name)
  const cluster = await readClusterKey(systemDisk, clusterKey)
  const request = { node, publicKey: await readNodeKey(nodeKey), durationMs: days * dayMs }
  const seams = { clock: systemClock, entropy: systemEntropy }
  const text = certifyMember(cluster, { ...request, role: tool === true ? 'tool' : 'node' }, seams)
  if (out === undefined) process.stdout.write(text)
  else await keepCertificate(out, text)
  return exitCode.fine
}

// An older certificate makes place, and nothing else does: the cluster key is a file like any other.
async function keepCertificate(out: string, text: string): Promise<void> {
  const there = await systemDisk.read(out, textBytesMax).catch(error => {
    throw unusable(out, error)
  })
  const firstLine = text.slice(0, text.indexOf('\n'))
  const mayReplace = there === undefined || Buffer.from(there).indexOf(firstLine) === 0
  if (!mayReplace) throw commandLineError('E_FILE_EXISTS', { path: resolve(out) })
  await systemDisk.replace(out, Buffer.from(text), 0o644)
}

function unusable(path: string, cause: unknown): Error {
  return commandLineError('E_ARGUMENT_INVALID', {
    problem: `the file ${path} cannot be used: ${problemOf(cause)}`,
    help: 'barrel-actors cluster --help',
  })
}

/** The key in base64, or the file that holds it. */
async function readNodeKey(given: string): Promise<Uint8Array> {
  const bytes = Buffer.from(given, 'base64')
  if (bytes.length === 32 && bytes.toString('base64') === given) return bytes
  if (basename(given) === 'node.key') throw unusable(given, new Error('it is the secret half; give node.pub'))
  const file = await systemDisk.read(given, textBytesMax).catch(error => {
    throw unusable(given, error)
  })
  if (file !== undefined) return file
  const problem = `--node-key is ${given}, which is neither a key in base64 nor a file`
  throw commandLineError('E_ARGUMENT_INVALID', { problem, help: 'barrel-actors cluster sign --help' })
}
