// Links, the dependencies page, registries.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkDependenciesPage, checkLinks, checkRegistries } from './documents.ts'
import { listPaths, type Manifest, readFiles, readManifests, readText, root, told } from './project.ts'

const textBytesMax = 4 * 1024 * 1024

describe('the project', () => {
  test('links to files that exist', () => {
    const pages = readFiles(/^([^/]+|docs\/.*|(packages|examples|bench)\/.*)\.md$/)
    expect(told(pages.flatMap(page => checkLinks(page, path => existsSync(join(root, path)))))).toEqual([])
  })

  test('explains every dependency', () => {
    const path = 'docs/dependencies.md'
    expect(told(checkDependenciesPage({ path, text: readText(path) }, readManifests()))).toEqual([])
  })

  test('names no package registry', () => {
    const paths = listPaths().filter(path => statSync(join(root, path)).size <= textBytesMax)
    const files = paths.map(path => ({ path, text: readText(path) }))
    expect(told(files.flatMap(checkRegistries))).toEqual([])
  })
})

describe('the rule for links', () => {
  const problems = (text: string) => told(checkLinks({ path: 'docs/page.md', text }, path => path === 'docs/other.md'))

  test('refuses a link to nothing', () => {
    expect(problems('x\n[a](gone.md#part) and [b]: none\n\n[c]: ../none.md')).toEqual([
      'docs/page.md:2 links to gone.md#part, which is not there',
      'docs/page.md:4 links to ../none.md, which is not there',
    ])
  })

  test('leaves addresses, anchors, code and what exists alone', () => {
    expect(problems('[a](other.md) [b](./other.md#part) [c](https://example.org) [d](#part)')).toEqual([])
    expect(problems('`[a](gone.md)`\n```md\n[a](gone.md)\n```')).toEqual([])
  })
})

describe('the rule for dependencies', () => {
  test('refuses what is not explained, and what is explained and gone', () => {
    const manifests: Manifest[] = [
      { path: 'package.json', name: 'ours', devDependencies: { vite: '1' } },
      { path: 'packages/a/package.json', name: '@ours/a', dependencies: { ours: '1', msgpackr: '1' } },
    ]
    const page = { path: 'docs/dependencies.md', text: 'x\n| `vite` | why |\n| `gone` | why |' }
    expect(told(checkDependenciesPage(page, manifests))).toEqual([
      'packages/a/package.json:1 depends on msgpackr, which docs/dependencies.md does not explain',
      'docs/dependencies.md:3 explains gone, which no package.json names',
    ])
  })
})

describe('the rule for registries', () => {
  // Put together here, because this file is searched too.
  const address = (host: string, path: string) => ['https:', '', host, path].join('/')
  const count = (text: string, path = 'a.md') => checkRegistries({ path, text }).length

  test('refuses their addresses', () => {
    expect(count(address('registry.example.org', 'x'))).toBe(1)
    expect(count(address('npm.example.org:4873', 'x'))).toBe(1)
    expect(count(address('example.org', 'x/-/x-1.0.0.tgz'))).toBe(1)
    expect(count(['registry', 'localhost'].join('='), '.npmrc')).toBe(1)
  })

  test('refuses any server in the lock file', () => {
    const text = `{\n"resolved": "${address('example.org', 'x')}"`
    expect(told(checkRegistries({ path: 'package-lock.json', text }))).toEqual([
      `package-lock.json:2 is bound to one server: "resolved": "${address('example.org', 'x')}"`,
    ])
    expect(count('"resolved": "packages/runtime"', 'package-lock.json')).toBe(0)
  })

  test('leaves other addresses and our own package of that name alone', () => {
    expect(count('https://www.npmjs.com/package/vite and packages/registry and https://example.org/registry')).toBe(0)
  })
})
