// Arrows between packages: held against every import, every package.json and every tsconfig.json.
import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { checkImports, checkManifest } from './arrows.ts'
import { type Manifest, readFiles, readManifests, readText, root, told } from './project.ts'

const manifests = readManifests()
const packages = manifests.filter(manifest => manifest.path.startsWith('packages/'))

function referencesOf(manifest: Manifest): string[] {
  const path = posix.join(posix.dirname(manifest.path), 'tsconfig.json')
  const { config } = ts.readConfigFile(join(root, path), () => readText(path)) as {
    config: { references?: { path: string }[] }
  }
  return (config.references ?? []).map(reference => reference.path)
}

describe('the project', () => {
  test('imports along the arrows, by public entries, and only what is declared', () => {
    const files = readFiles(/^(packages|examples|bench|tools)\/.*\.(ts|mjs|js)$/)
    expect(told(files.flatMap(file => checkImports(file, manifests)))).toEqual([])
  })

  test('depends and refers along the arrows', () => {
    expect(told(packages.flatMap(manifest => checkManifest(manifest, referencesOf(manifest))))).toEqual([])
  })

  test('builds every package', () => {
    const built = new Set(
      (JSON.parse(readText('tsconfig.json')) as { references: { path: string }[] }).references.map(r => r.path),
    )
    const present = packages.map(manifest => posix.dirname(manifest.path)).filter(path => existsSync(join(root, path)))
    expect(present.filter(path => !built.has(path))).toEqual([])
  })
})

describe('the rule', () => {
  const sample: Manifest[] = [
    { path: 'package.json', name: 'root', devDependencies: { vitest: '1' } },
    { path: 'packages/runtime/package.json', name: '@barrel-actors/runtime', exports: { '.': {}, './suites': {} } },
    {
      path: 'packages/membership/package.json',
      name: '@barrel-actors/membership',
      dependencies: { '@barrel-actors/runtime': '1', '@barrel-actors/dist-quic': '1' },
    },
  ]
  const problems = (path: string, text: string) => told(checkImports({ path, text }, sample))
  const inMembership = 'packages/membership/src/a.ts'

  test.each([
    ["import { x } from '@barrel-actors/dist-quic'"],
    ["export * from '@barrel-actors/dist-quic'"],
    ["const x = await import('@barrel-actors/dist-quic')"],
    ["import type { X } from '@barrel-actors/dist-quic'"],
    ["let x: import('@barrel-actors/dist-quic').X"],
  ])('refuses an import against the arrows: %s', text => {
    expect(problems(inMembership, `\n${text}`)).toEqual([
      `${inMembership}:2 imports @barrel-actors/dist-quic: no arrow points there`,
    ])
  })

  test('refuses the inside of another package', () => {
    expect(problems(inMembership, "import '@barrel-actors/runtime/src/node.ts'")).toEqual([
      `${inMembership}:1 imports @barrel-actors/runtime/src/node.ts: only @barrel-actors/runtime is public`,
    ])
    expect(problems(inMembership, "import '../../runtime/src/node.ts'")).toEqual([
      `${inMembership}:1 imports ../../runtime/src/node.ts out of another package: use its public entry`,
    ])
  })

  test('refuses what package.json does not declare', () => {
    expect(problems(inMembership, "import 'left-pad'")).toEqual([
      `${inMembership}:1 imports left-pad, which packages/membership/package.json does not depend on`,
    ])
    expect(problems('packages/runtime/src/a.ts', "import { test } from 'vitest'")).toEqual([
      'packages/runtime/src/a.ts:1 imports vitest, which packages/runtime/package.json does not depend on',
    ])
  })

  test('lets tests use any package and the tools of the root', () => {
    const text = "import '@barrel-actors/dist-quic'\nimport '@barrel-actors/runtime/suites'\nimport 'vitest'"
    expect(problems('packages/runtime/src/a.test.ts', text)).toEqual([])
    expect(problems('packages/membership/simulate/a.ts', text)).toEqual([])
  })

  test('takes what stands in a comment or a string for what it is', () => {
    expect(problems(inMembership, "// import 'left-pad'\nconst x = \"import 'left-pad'\"")).toEqual([])
  })

  test('refuses dependencies against the arrows, and references that differ from them', () => {
    const membership = sample[2] as Manifest
    expect(told(checkManifest(membership, ['../runtime', '../registry']))).toEqual([
      'packages/membership/package.json:1 depends on dist-quic: no arrow points there',
      'packages/membership/tsconfig.json:1 has no reference to ../dist-quic',
      'packages/membership/tsconfig.json:1 refers to ../registry, which package.json does not depend on',
    ])
  })

  test('refuses a package that it does not know', () => {
    expect(told(checkManifest({ path: 'packages/other/package.json', name: 'other' }, []))).toEqual([
      'packages/other/package.json:1 is a package without arrows: add it to tools/house/arrows.ts',
    ])
  })
})
