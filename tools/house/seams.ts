// Time, chance and I/O: protocol cores have none, and the rest of the code takes them from the node's seams.
import { posix } from 'node:path'
import { type Touch, touchesOf } from './outside-world.ts'
import type { Finding, TextFile } from './project.ts'
import { importsOf, isTest } from './source.ts'

/** Folders that are protocol cores, beside every folder that holds a `state.ts`. */
export const cores: readonly string[] = ['packages/dist-quic/src/handshake']

/** The few touches that single files of a core may have, each with its reason. */
export const coreExceptions: Readonly<Record<string, readonly string[]>> = {
  // A hash is a function of its input.
  'packages/dist-quic/src/handshake/transcript.ts': ['node:crypto.createHash'],
  'packages/dist-quic/src/identity/member-certificate.ts': ['node:crypto.createHash'],
  'packages/dist-quic/src/handshake/cookie.ts': ['node:crypto.createHmac', 'node:crypto.timingSafeEqual'],
  // Ed25519 signs and verifies as a function of its input too. Its secret comes from the node's entropy.
  'packages/dist-quic/src/identity/keys.ts': [
    'node:crypto.createHash',
    'node:crypto.createPrivateKey',
    'node:crypto.createPublicKey',
    'node:crypto.sign',
    'node:crypto.verify',
  ],
}

/** What only computes, of modules that do more. */
const pure = /^node:((path|buffer)(\/posix)?\..*|net\.isIP(v[46])?)$/

/** The seam files, and the shells that do I/O for a living: where the outside world may be touched. */
export const seams: readonly RegExp[] = [
  /^packages\/runtime\/src\/clock\/system-clock\.ts$/,
  /^packages\/runtime\/src\/random\.ts$/,
  /^packages\/runtime\/src\/turns\.ts$/,
  /^packages\/runtime\/src\/disk\/(system-disk|folder-lock|socket-lock|lock-socket)\.ts$/,
  /^packages\/dist-quic\/src\/quic\//,
  // Asks the machine's domain name servers, behind the interface DnsResolver.
  /^packages\/membership\/src\/discovery\/system-dns\.ts$/,
  // Lets promises settle between two turns of virtual time: a real turn of the event loop, which nothing else uses.
  /^packages\/simulation\/src\/event-loop\.ts$/,
  /^packages\/barrel-actors\/src\/(cli|repl)\//,
]

/** What nobody but a seam may touch: what would make a run differ from its replay. */
const seamOnly =
  /^(Date\.now|new Date\(\)|Date\(\)|Math\.random|setTimeout|setInterval|setImmediate|process\.(hrtime|nextTick)|performance\.now|node:(fs|dgram|net|tls|http|https|http2|dns|timers)\b.*|node:crypto\.(randomBytes|randomFill|randomFillSync|randomInt|randomUUID|getRandomValues|webcrypto)|crypto(\..*)?)$/

/** What production code outside the seams touches and should take from the node. */
export function checkSeams(file: TextFile): Finding[] {
  if (isTest(file.path) || seams.some(seam => seam.test(file.path))) return []
  return touchesOf(file)
    .filter(({ what }) => seamOnly.test(what) && !pure.test(what))
    .map(touch => finding(file, touch, 'take it from the seam of the node (clock, random, entropy, turns, disk)'))
}

/** What protocol cores touch, themselves or through the files of their package that they import. */
export function checkCores(files: readonly TextFile[]): Finding[] {
  const byPath = new Map(files.filter(file => !isTest(file.path)).map(file => [file.path, file]))
  const folders = new Set([...cores, ...[...byPath.keys()].filter(isState).map(path => posix.dirname(path))])
  const inCore = [...byPath.values()].filter(file => folders.has(posix.dirname(file.path)))
  return [...reachedFrom(inCore, byPath)].flatMap(([file, core]) => checkCoreFile(file, core))
}

function isState(path: string): boolean {
  return /^packages\/[^/]+\/src\/(.*\/)?state\.ts$/.test(path)
}

function checkCoreFile(file: TextFile, core: string): Finding[] {
  const allowed = coreExceptions[file.path] ?? []
  const touched = touchesOf(file).filter(({ what }) => !allowed.includes(what) && !pure.test(what))
  const rule = file.path === core ? 'a protocol core touches nothing' : `the protocol core ${core} uses this file`
  const system = importsOf(file).flatMap(({ names, line }) =>
    names.filter(name => /^system[A-Z]/.test(name)).map(what => ({ what, line })),
  )
  return [...touched, ...system].map(touch => finding(file, touch, rule))
}

/** The files of the cores and all that they import as values, each with the core file that reached it first. */
function reachedFrom(start: readonly TextFile[], byPath: ReadonlyMap<string, TextFile>): Map<TextFile, string> {
  const reached = new Map(start.map(file => [file, file.path]))
  for (const [file, core] of reached) {
    for (const { specifier, typeOnly } of importsOf(file)) {
      if (typeOnly || !specifier.startsWith('.')) continue
      const next = byPath.get(posix.join(posix.dirname(file.path), specifier))
      if (next !== undefined && !reached.has(next)) reached.set(next, core)
    }
  }
  return reached
}

function finding(file: TextFile, touch: Touch, rule: string): Finding {
  return { path: file.path, line: touch.line, problem: `uses ${touch.what}: ${rule}` }
}
