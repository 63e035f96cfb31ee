import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../..', import.meta.url))

interface Block {
  readonly title: string
  readonly code: string
}

/** The fenced blocks of README and docs whose info line is exactly that. */
async function blocksOf(info: string): Promise<Block[]> {
  const docs = (await readdir(join(root, 'docs'), { recursive: true })).map(path => join('docs', path))
  const pages = ['README.md', ...docs.filter(path => path.endsWith('.md'))]
  const found = await Promise.all(
    pages.map(async page => fencesOf(page, await readFile(join(root, page), 'utf8'), info)),
  )
  return found.flat()
}

function fencesOf(page: string, text: string, info: string): Block[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .filter(match => match[1] === info)
    .map((match, index) => ({ title: `${page} #${index + 1}`, code: match[2] as string }))
}

describe('the code of the documents', async () => {
  test.each(await blocksOf('js run'))('runs on Node as it stands: $title', async ({ code }) => {
    const flags = ['--input-type=module', '--unhandled-rejections=strict', '--eval', code]
    const { stdout, stderr } = await run(process.execPath, flags, { cwd: root })
    expect(stderr).toBe('')
    // What a comment at the end of a console.log promises is what it prints.
    const promised = [...code.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map(match => match[1])
    expect(stdout.trim().split('\n')).toEqual(promised)
  })

  test('compiles where it is TypeScript', async () => {
    const blocks = await blocksOf('ts check')
    expect(blocks).not.toEqual([])
    const folder = await mkdtemp(join(root, 'packages', 'barrel-actors', 'test', 'documents-'))
    try {
      for (const [index, { code }] of blocks.entries()) await writeFile(join(folder, `block-${index}.ts`), code)
      const extend = { extends: '../../../../tsconfig.check.json', include: ['*.ts'], exclude: [] }
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(extend))
      const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
      const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch(error => error)
      expect(stdout).toBe('')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('README opens with code of ten lines', async () => {
    const [first] = fencesOf('README.md', await readFile(join(root, 'README.md'), 'utf8'), 'js run')
    const lines = first?.code.split('\n').filter(line => line.trim() !== '' && !line.startsWith('//'))
    expect(lines?.length).toBeLessThanOrEqual(10)
  })
})
