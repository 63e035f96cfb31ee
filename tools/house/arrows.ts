// Which package may import which. Arrows point down only, and nobody reaches past a public entry.
import { isBuiltin } from 'node:module'
import { dirname, posix } from 'node:path'
import type { Finding, Manifest, TextFile } from './project.ts'
import { type Import, importsOf, isTest } from './source.ts'

/** The arrows: a package's folder, and the packages that it may import. Everything below counts, not the next only. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  simulation: ['runtime'],
  'dist-quic': ['runtime'],
  membership: ['runtime'],
  registry: ['runtime', 'membership'],
  coordination: ['runtime', 'membership', 'registry'],
  'barrel-actors': ['runtime', 'simulation', 'dist-quic', 'membership', 'registry', 'coordination'],
}

/** The public name of the package in `packages/<folder>`. */
export const packageName = (folder: string): string =>
  folder === 'barrel-actors' ? 'barrel-actors' : `@barrel-actors/${folder}`

const folderOf = new Map(Object.keys(arrows).map(folder => [packageName(folder), folder]))

/** What the imports of a file break. `manifests` are those of the workspace, the root's included. */
export function checkImports(file: TextFile, manifests: readonly Manifest[]): Finding[] {
  return importsOf(file).flatMap(found =>
    problemsOf(file.path, found, manifests).map(problem => ({ path: file.path, line: found.line, problem })),
  )
}

/** What the dependencies and the tsconfig references of a package break. */
export function checkManifest(manifest: Manifest, references: readonly string[]): Finding[] {
  const folder = dirname(manifest.path).replace(/^packages\//, '')
  const allowed = arrows[folder]
  const wrong = (problem: string, path = manifest.path): Finding => ({ path, line: 1, problem })
  if (allowed === undefined) return [wrong('is a package without arrows: add it to tools/house/arrows.ts')]
  const needed = Object.keys(manifest.dependencies ?? {}).flatMap(name => folderOf.get(name) ?? [])
  const referred = references.map(reference => posix.normalize(reference).replace(/^\.\.\//, ''))
  const tsconfig = manifest.path.replace(/package\.json$/, 'tsconfig.json')
  return [
    ...needed.filter(to => !allowed.includes(to)).map(to => wrong(`depends on ${to}: no arrow points there`)),
    ...needed.filter(to => !referred.includes(to)).map(to => wrong(`has no reference to ../${to}`, tsconfig)),
    ...referred
      .filter(to => !needed.includes(to))
      .map(to => wrong(`refers to ../${to}, which package.json does not depend on`, tsconfig)),
  ]
}

function problemsOf(path: string, found: Import, manifests: readonly Manifest[]): string[] {
  const { specifier } = found
  if (specifier.startsWith('.')) return relativeProblems(path, specifier)
  if (isBuiltin(specifier)) return []
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  const target = folderOf.get(name)
  const home = homeOf(path)
  if (target === undefined) return declarationProblems(path, name, home, manifests)
  const problems = deepProblems(path, specifier, name, manifests)
  const isFree = isTest(path) || !home.startsWith('packages/') || home === `packages/${target}`
  const allowed = arrows[home.slice('packages/'.length)] ?? []
  if (!isFree && !allowed.includes(target)) problems.push(`imports ${specifier}: no arrow points there`)
  return [...problems, ...declarationProblems(path, name, home, manifests)]
}

function relativeProblems(path: string, specifier: string): string[] {
  const home = homeOf(path)
  const target = posix.join(posix.dirname(path), specifier)
  if (homeOf(target) === home) return []
  return [`imports ${specifier} out of another package: use its public entry`]
}

// A sub-path that the package's `exports` names is public too; production code has no need of one.
function deepProblems(path: string, specifier: string, name: string, manifests: readonly Manifest[]): string[] {
  if (specifier === name) return []
  const target = manifests.find(manifest => manifest.name === name)
  const subPath = `.${specifier.slice(name.length)}`
  if (isTest(path) && target?.exports?.[subPath] !== undefined) return []
  return [`imports ${specifier}: only ${name} is public`]
}

function declarationProblems(path: string, name: string, home: string, manifests: readonly Manifest[]): string[] {
  const own = manifests.find(manifest => manifest.path === posix.join(home, 'package.json'))
  if (own?.name === name) return []
  const top = manifests.find(manifest => manifest.path === 'package.json')
  const isForTests = isTest(path) || path.endsWith('.test.ts') || home === '.'
  // Tests run inside the workspace, where every package of ours and every tool of the root is at hand.
  if (isForTests && (folderOf.has(name) || name in (top?.devDependencies ?? {}))) return []
  const declared = { ...own?.dependencies, ...own?.optionalDependencies, ...own?.peerDependencies }
  if (name in declared || (isForTests && name in (own?.devDependencies ?? {}))) return []
  return [`imports ${name}, which ${posix.join(home, 'package.json')} does not depend on`]
}

/** The folder of the package that a file belongs to; `.` for what belongs to none. */
function homeOf(path: string): string {
  return /^(packages\/[^/]+|examples|bench)(?=\/|$)/.exec(path)?.[0] ?? '.'
}
