// Promises that nobody waits for. The linter sees those of functions in reach of its own inference; the compiler
// also knows those of other packages, of Node and behind interfaces.
import ts from 'typescript'
import type { Finding } from './project.ts'
import { lineOf, visit } from './source.ts'

/** Statements that drop a promise: neither awaited, nor caught, nor marked with `void`. */
export function checkPromises(program: ts.Program, isOurs: (file: ts.SourceFile) => boolean): Finding[] {
  const checker = program.getTypeChecker()
  return program
    .getSourceFiles()
    .filter(isOurs)
    .flatMap(file => droppedIn(file, checker))
}

function droppedIn(file: ts.SourceFile, checker: ts.TypeChecker): Finding[] {
  const findings: Finding[] = []
  visit(file, node => {
    if (!ts.isExpressionStatement(node) || isHandled(node.expression)) return
    if (!isPromise(checker.getTypeAtLocation(node.expression), checker)) return
    const problem = 'drops a promise: await it, catch it, or say void'
    findings.push({ path: file.fileName, line: lineOf(node), problem })
  })
  return findings
}

function isHandled(expression: ts.Expression): boolean {
  if (ts.isBinaryExpression(expression)) return isAssignment(expression.operatorToken.kind)
  if (!ts.isCallExpression(expression) || !ts.isPropertyAccessExpression(expression.expression)) return false
  const { name, expression: before } = expression.expression
  if (name.text === 'finally') return isHandled(before)
  return (
    expression.arguments.length >= (name.text === 'catch' ? 1 : name.text === 'then' ? 2 : Number.POSITIVE_INFINITY)
  )
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment
}

function isPromise(type: ts.Type, checker: ts.TypeChecker): boolean {
  if (type.isUnion()) return type.types.some(part => isPromise(part, checker))
  const then = type.flags & ts.TypeFlags.Any ? undefined : type.getProperty('then')
  return then !== undefined && checker.getTypeOfSymbol(then).getCallSignatures().length > 0
}
