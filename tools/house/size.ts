// What a file and a function may be: small, without notes to self; tests without waiting; index.ts a plain list.
import ts from 'typescript'
import { type Touch, touchesOf } from './outside-world.ts'
import { type Finding, lineAt, type TextFile } from './project.ts'
import { lineOf, parse, visit } from './source.ts'

const fileLinesMax = 400
const functionLinesMax = 70

/** Tests with real OS processes and real sockets: something outside must happen, and only a clock can say it did not. */
const waitingAllowed = [/^packages\/[^/]+\/test\//, /^examples\//, /^bench\//]

/** Files and functions that are too long to be read at once. */
export function checkSize(file: TextFile): Finding[] {
  const lines = file.text.trimEnd().split('\n').length
  const findings: Finding[] = []
  const add = (line: number, problem: string) => findings.push({ path: file.path, line, problem })
  if (lines > fileLinesMax) add(lines, `has ${lines} lines: at most ${fileLinesMax}, so find the second thing in it`)
  visit(parse(file), node => {
    if (!isFunction(node) || isDescribe(node)) return
    const first = lineOf(node)
    const last = node.getSourceFile().getLineAndCharacterOfPosition(node.getEnd()).line + 1
    const long = last - first + 1
    if (long > functionLinesMax) add(first, `has a function of ${long} lines: at most ${functionLinesMax}`)
  })
  return findings
}

/** Notes to self: what is not done is an issue, not a comment. */
export function checkNotes(file: TextFile): Finding[] {
  // Spelled so that this file does not find itself.
  const note = /\b(TO[D]O|FIX[M]E|X[X]X)\b/g
  return [...file.text.matchAll(note)].map(match => ({
    path: file.path,
    line: lineAt(file.text, match.index),
    problem: `has a ${match[0]}: do it, or open an issue`,
  }))
}

/** Tests that wait for the wall clock where a virtual one would do. */
export function checkWaiting(file: TextFile): Finding[] {
  if (waitingAllowed.some(folder => folder.test(file.path))) return []
  const timers = touchesOf(file).filter(({ what }) => /^(setTimeout|setInterval|node:timers\b.*)$/.test(what))
  return [...timers, ...sleepsOf(file)].map(({ what, line }) => ({
    path: file.path,
    line,
    problem: `waits with ${what}: advance a virtual clock instead`,
  }))
}

/** An index.ts that does something. */
export function checkIndex(file: TextFile): Finding[] {
  return parse(file)
    .statements.filter(statement => !(ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined))
    .map(statement => ({ path: file.path, line: lineOf(statement), problem: 'index.ts lists, it does not do' }))
}

function sleepsOf(file: TextFile): Touch[] {
  const sleeps: Touch[] = []
  visit(parse(file), node => {
    if (!ts.isCallExpression(node)) return
    const called = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression
    if (ts.isIdentifier(called) && called.text === 'sleep') sleeps.push({ what: 'sleep', line: lineOf(node) })
  })
  return sleeps
}

function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined
}

/** The callback of a describe is a chapter, not a function. */
function isDescribe(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText())
}
