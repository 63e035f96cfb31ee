// Finds where code touches the world: time, chance, timers, files, sockets. Reads names as scopes do, because an
// actor runtime has every reason to call a variable `process`.
import { isBuiltin } from 'node:module'
import ts from 'typescript'
import type { TextFile } from './project.ts'
import { importsOf, lineOf, parse, visit } from './source.ts'

/** One touch: what is used (`Date.now`, `setTimeout`, `node:fs`, `node:crypto.randomBytes`), and the line. */
export interface Touch {
  readonly what: string
  readonly line: number
}

/** The globals that reach out of a function's arguments. */
const globals = new Set([
  'fetch',
  'performance',
  'process',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'XMLHttpRequest',
  'WebSocket',
  'crypto',
])

const globalObjects = new Set(['globalThis', 'global'])

/** Everything outside that a file touches, types apart. */
export function touchesOf(file: TextFile): Touch[] {
  const touches: Touch[] = builtinTouches(file)
  const declared = declaredNames(parse(file))
  visit(parse(file), node => {
    const what = touchAt(node, declared)
    if (what !== undefined) touches.push({ what, line: lineOf(node) })
  })
  return touches
}

function builtinTouches(file: TextFile): Touch[] {
  return importsOf(file)
    .filter(found => !found.typeOnly && isBuiltin(found.specifier))
    .flatMap(({ specifier, names, line }) => {
      const module = `node:${specifier.replace(/^node:/, '')}`
      return names.length === 0 ? [{ what: module, line }] : names.map(name => ({ what: `${module}.${name}`, line }))
    })
}

function touchAt(node: ts.Node, declared: Declared): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return memberTouch(node, declared)
  if (ts.isNewExpression(node) && isGlobal(node.expression, 'Date', declared)) {
    // new Date(ms) only computes; new Date() asks the clock.
    return (node.arguments ?? []).length === 0 ? 'new Date()' : undefined
  }
  if (ts.isCallExpression(node) && isGlobal(node.expression, 'Date', declared)) return 'Date()'
  if (!ts.isIdentifier(node) || !globals.has(node.text) || !isReference(node)) return undefined
  const isMemberBase = ts.isPropertyAccessExpression(node.parent) && node.parent.expression === node
  return isMemberBase || isDeclared(node, declared) ? undefined : node.text
}

function memberTouch(node: ts.PropertyAccessExpression, declared: Declared): string | undefined {
  const base = node.expression
  const member = node.name.text
  if (!ts.isIdentifier(base) || isDeclared(base, declared)) return undefined
  if (globalObjects.has(base.text)) return globals.has(member) ? member : undefined
  if (base.text === 'Date') return member === 'now' ? 'Date.now' : undefined
  if (base.text === 'Math') return member === 'random' ? 'Math.random' : undefined
  return globals.has(base.text) ? `${base.text}.${member}` : undefined
}

function isGlobal(node: ts.Expression, name: string, declared: Declared): boolean {
  return ts.isIdentifier(node) && node.text === name && !isDeclared(node, declared)
}

/** Whether an identifier reads a variable: not a member's name, not a type, not the name in a declaration. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  if (ts.isBindingElement(parent)) return parent.initializer === node
  if (ts.isTypeNode(parent) || ts.isQualifiedName(parent)) return false
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false
  return (parent as { name?: ts.Node }).name !== node || ts.isShorthandPropertyAssignment(parent)
}

/** For each scope, the names that are declared in it. */
type Declared = ReadonlyMap<ts.Node, ReadonlySet<string>>

function declaredNames(tree: ts.SourceFile): Declared {
  const declared = new Map<ts.Node, Set<string>>()
  visit(tree, node => {
    if (!isDeclaration(node) || node.name === undefined || !ts.isIdentifier(node.name)) return
    const scope = scopeOf(node)
    const names = declared.get(scope) ?? new Set()
    declared.set(scope, names.add(node.name.text))
  })
  return declared
}

function isDeclaration(node: ts.Node): node is ts.NamedDeclaration {
  return (
    ts.isVariableDeclaration(node) ||
    ts.isBindingElement(node) ||
    ts.isParameter(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isImportSpecifier(node) ||
    ts.isImportClause(node) ||
    ts.isNamespaceImport(node)
  )
}

function scopeOf(node: ts.Node): ts.Node {
  let scope = node.parent
  while (!isScope(scope)) scope = scope.parent
  return scope
}

function isScope(node: ts.Node): boolean {
  const isLoop = ts.isForStatement(node) || ts.isForOfStatement(node) || ts.isForInStatement(node)
  return isLoop || ts.isSourceFile(node) || ts.isBlock(node) || ts.isCaseBlock(node) || ts.isFunctionLike(node)
}

function isDeclared(node: ts.Identifier, declared: Declared): boolean {
  let scope: ts.Node | undefined = node.parent
  while (scope !== undefined) {
    if (declared.get(scope)?.has(node.text)) return true
    scope = scope.parent
  }
  return false
}
