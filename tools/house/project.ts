// What every rule reads: the files of the project, its packages, and how a finding is told.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** A file of the project; `path` is from the root, with forward slashes. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** A rule that is broken, and where. */
export interface Finding {
  readonly path: string
  readonly line: number
  readonly problem: string
}

/** The parts of a package.json that rules look at. */
export interface Manifest {
  readonly path: string
  readonly name: string
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Findings as lines that an editor's terminal can open: compare with an empty list. */
export function told(findings: readonly Finding[]): string[] {
  return findings.map(({ path, line, problem }) => `${path}:${line} ${problem}`)
}

/** Every file that is committed or could be: what git tracks, and what it does not ignore. */
export function listPaths(): string[] {
  try {
    const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
    const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    // A file that is deleted and not yet committed is still listed.
    return [...new Set(listed.split('\0'))].filter(path => path !== '' && existsSync(join(root, path))).sort()
  } catch {
    // An unpacked archive has no git.
    return walk('').sort()
  }
}

/** The files whose path matches. */
export function readFiles(wanted: RegExp): TextFile[] {
  return listPaths()
    .filter(path => wanted.test(path))
    .map(path => ({ path, text: readText(path) }))
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Every package.json of the workspace; the root's first. */
export function readManifests(): Manifest[] {
  const paths = listPaths().filter(path => /^((packages\/[^/]+|examples|bench)\/)?package\.json$/.test(path))
  paths.sort((a, b) => a.split('/').length - b.split('/').length)
  return paths.map(path => ({ ...(JSON.parse(readText(path)) as Omit<Manifest, 'path'>), path }))
}

/** The line, from 1, of a position in a text. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}

function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return ['node_modules', 'dist', 'data', '.git'].includes(entry.name) ? [] : walk(path)
    return entry.isFile() && !path.endsWith('.tgz') ? [path] : []
  })
}
