// Rules for what is not code: links, the dependencies page, and no registry named anywhere.
import { posix } from 'node:path'
import { type Finding, lineAt, type Manifest, type TextFile } from './project.ts'

/** Relative links to files that do not exist. `exists` is asked with a path from the root. */
export function checkLinks(file: TextFile, exists: (path: string) => boolean): Finding[] {
  // Code may show a link; it does not make one.
  const prose = file.text.replace(/^(```+)[^\n]*\n[\s\S]*?^\1|`[^`\n]*`/gm, code => code.replace(/[^\n]/g, ' '))
  const links = prose.matchAll(/\]\(<?([^()\s<>]+)>?(?: "[^"]*")?\)|^\[[^\]]+\]: *(\S+)/gm)
  return [...links].flatMap(match => {
    const target = match[1] ?? match[2] ?? ''
    if (/^([a-z][a-z0-9+.-]*:|#|\/\/)/i.test(target)) return []
    const path = posix.join(posix.dirname(file.path), decodeURI(target.replace(/[#?].*$/, '')))
    if (!path.startsWith('..') && exists(path)) return []
    return [
      { path: file.path, line: lineAt(file.text, match.index), problem: `links to ${target}, which is not there` },
    ]
  })
}

/** Dependencies that the page does not explain, and rows of the page that are no dependency any more. */
export function checkDependenciesPage(page: TextFile, manifests: readonly Manifest[]): Finding[] {
  const ours = new Set(manifests.map(manifest => manifest.name))
  const used = new Map<string, string>()
  for (const { path, dependencies, devDependencies, optionalDependencies, peerDependencies } of manifests) {
    const all = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies }
    for (const name of Object.keys(all)) if (!ours.has(name)) used.set(name, path)
  }
  const rows = [...page.text.matchAll(/^\| `([^`]+)` \|/gm)].map(match => ({ name: match[1] ?? '', at: match.index }))
  const named = new Set(rows.map(row => row.name))
  return [
    ...[...used]
      .filter(([name]) => !named.has(name))
      .map(([name, path]) => ({ path, line: 1, problem: `depends on ${name}, which ${page.path} does not explain` })),
    ...rows
      .filter(({ name }) => !used.has(name))
      .map(({ name, at }) => ({
        path: page.path,
        line: lineAt(page.text, at),
        problem: `explains ${name}, which no package.json names`,
      })),
  ]
}

// A host with a label that says it serves packages, an address of a tarball as registries form them, or a setting
// that names one. Whoever installs decides where from.
const registry = new RegExp(
  [
    /https?:\/\/(?:[\w-]+\.)*(?:registry|npm|artifactory|nexus|verdaccio)[.:/][^\s"'<>)]*/,
    /https?:\/\/[^\s"'<>]+\/-\/[^\s"'<>]+\.tgz/,
    /^(?:@[\w-]+:)?registry *=.*$/,
  ]
    .map(pattern => pattern.source)
    .join('|'),
  'gim',
)

/** Addresses of package registries. */
export function checkRegistries(file: TextFile): Finding[] {
  const found = [...file.text.matchAll(registry)].map(match => ({
    at: match.index,
    problem: `names a registry: ${match[0]}`,
  }))
  const isLock = /(^|\/)package-lock\.json$/.test(file.path)
  const locked = isLock ? [...file.text.matchAll(/"resolved": *"(?:git\+)?https?:[^"]*"/g)] : []
  const resolved = locked.map(match => ({ at: match.index, problem: `is bound to one server: ${match[0]}` }))
  return [...found, ...resolved].map(({ at, problem }) => ({ path: file.path, line: lineAt(file.text, at), problem }))
}
