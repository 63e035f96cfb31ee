// Reads code as the compiler does, so that comments and strings never count as code.
import ts from 'typescript'
import type { TextFile } from './project.ts'

/** One `import`, `export from`, `import()` or `import('x').T`. */
export interface Import {
  readonly specifier: string
  readonly line: number
  /** Whether it is gone once the types are. */
  readonly typeOnly: boolean
  /** The names it takes, as the module exports them; `*` for all. */
  readonly names: readonly string[]
}

const parsed = new WeakMap<TextFile, ts.SourceFile>()

/** The syntax tree of a file; parsed once. */
export function parse(file: TextFile): ts.SourceFile {
  let tree = parsed.get(file)
  if (tree === undefined) {
    tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true)
    parsed.set(file, tree)
  }
  return tree
}

/** Calls `see` for every node, parents first. */
export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  ts.forEachChild(node, child => visit(child, see))
}

/** The line, from 1, on which a node starts. */
export function lineOf(node: ts.Node): number {
  const tree = node.getSourceFile()
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}

/** Whether a file is a test, or only serves tests. */
export function isTest(path: string): boolean {
  return /\.(test|suite)\.ts$/.test(path) || /^packages\/[^/]+\/(test|simulate)\//.test(path)
}

/** Everything a file imports. */
export function importsOf(file: TextFile): Import[] {
  const found: Import[] = []
  visit(parse(file), node => {
    const seen = importAt(node)
    if (seen !== undefined) found.push({ ...seen, line: lineOf(node) })
  })
  return found
}

function importAt(node: ts.Node): Omit<Import, 'line'> | undefined {
  if (ts.isImportDeclaration(node)) return fromClause(node.moduleSpecifier, node.importClause)
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    const clause = node.exportClause
    const elements = clause !== undefined && ts.isNamedExports(clause) ? clause.elements : undefined
    return bound(node.moduleSpecifier, node.isTypeOnly, elements)
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return bound(node.arguments[0], false, undefined)
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return bound(node.argument.literal, true, undefined)
  }
  return undefined
}

function fromClause(specifier: ts.Node, clause: ts.ImportClause | undefined): Omit<Import, 'line'> | undefined {
  if (clause === undefined) return bound(specifier, false, [])
  const typeOnly = clause.phaseModifier === ts.SyntaxKind.TypeKeyword
  const bindings = clause.namedBindings
  // A default import or `* as x` may take anything that the module has.
  if (clause.name !== undefined || bindings === undefined || ts.isNamespaceImport(bindings)) {
    return bound(specifier, typeOnly, undefined)
  }
  return bound(specifier, typeOnly, bindings.elements)
}

function bound(
  specifier: ts.Node | undefined,
  typeOnly: boolean,
  elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[] | undefined,
): Omit<Import, 'line'> | undefined {
  if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return undefined
  const allTypes = elements !== undefined && elements.length > 0 && elements.every(element => element.isTypeOnly)
  const values = (elements ?? []).filter(element => !element.isTypeOnly)
  const names = elements === undefined ? ['*'] : values.map(element => (element.propertyName ?? element.name).text)
  return { specifier: specifier.text, typeOnly: typeOnly || allTypes, names }
}
