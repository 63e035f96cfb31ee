// No promise is dropped, in production code or in a test.
import { join, relative } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { readText, root, told } from './project.ts'
import { checkPromises } from './promises.ts'

const programMsMax = 60_000

test('the project waits for its promises', { timeout: programMsMax }, () => {
  const { config } = ts.readConfigFile('tsconfig.check.json', readText)
  const { options, fileNames } = ts.parseJsonConfigFileContent(
    config,
    ts.sys,
    root,
    {},
    join(root, 'tsconfig.check.json'),
  )
  const ours = new Set(fileNames)
  const findings = checkPromises(ts.createProgram(fileNames, options), file => ours.has(file.fileName))
  const shown = findings.map(finding => ({ ...finding, path: relative(root, finding.path).replaceAll('\\', '/') }))
  expect(told(shown)).toEqual([])
})

test('the rule sees a dropped promise, and what is done with others', { timeout: programMsMax }, () => {
  const text = `
    declare function work(): Promise<number>
    declare const worker: { go?(): PromiseLike<void> | undefined; last: Promise<number> }
    work()
    worker.go?.()
    work().then(String)
    work().finally(String)
    void work()
    await work()
    work().catch(String)
    work().then(String, String)
    work().catch(String).finally(String)
    worker.last = work()
    Math.max(1)
  `
  expect(checkPromises(programOf(text), file => file.fileName === 'sample.ts').map(({ line }) => line)).toEqual([
    4, 5, 6, 7,
  ])
})

function programOf(text: string): ts.Program {
  const options: ts.CompilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, types: [] }
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile
  host.getSourceFile = (name, ...rest) =>
    name === 'sample.ts' ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true) : read(name, ...rest)
  return ts.createProgram(['sample.ts'], options, host)
}
