// What Node 20 does not have and the code uses all the same: it must reach Node lowered.
import ts from 'typescript'
import { expect, test } from 'vitest'
import { readText, root } from './project.ts'

test('a resource is disposed at the end of its block, the last one first', async () => {
  const disposed: string[] = []
  const resource = (name: string) => ({
    [Symbol.dispose]: () => void disposed.push(name),
    [Symbol.asyncDispose]: async () => void disposed.push(name),
  })
  {
    await using _first = resource('first')
    using _second = resource('second')
    expect(disposed).toEqual([])
  }
  expect(disposed).toEqual(['second', 'first'])
})

test('what tsc writes has no `using` in it', () => {
  const { config } = ts.readConfigFile('tsconfig.base.json', readText) as { config: { compilerOptions: object } }
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  const { outputText } = ts.transpileModule('export async function f() { await using x = open() }', {
    compilerOptions: options,
  })
  expect(outputText).not.toMatch(/\busing x\b/)
})
