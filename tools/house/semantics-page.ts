// docs/semantics.md: every row names the tests that hold it, each as `path` "title".
import ts from 'typescript'
import { type Finding, lineAt, type TextFile } from './project.ts'
import { parse, visit } from './source.ts'

const testers = new Set(['test', 'it', 'law', 'trial'])

/** Rows without a test, and tests that do not exist. `read` gives a file by its path from the root. */
export function checkSemantics(page: TextFile, read: (path: string) => TextFile | undefined): Finding[] {
  const titles = new Map<string, ReadonlySet<string> | undefined>()
  const rows = [...page.text.matchAll(/^\|(?!---|\s*promise \|).*\|$/gm)]
  return rows.flatMap(row => {
    const named = [...row[0].matchAll(/`([^`\s]+\.ts)` "([^"]+)"/g)].map(([, path = '', title = '']) => ({
      path,
      title,
    }))
    const problems = named.length === 0 ? ['names no test'] : named.flatMap(each => problemOf(each, titles, read))
    return problems.map(problem => ({ path: page.path, line: lineAt(page.text, row.index), problem }))
  })
}

function problemOf(
  { path, title }: { path: string; title: string },
  titles: Map<string, ReadonlySet<string> | undefined>,
  read: (path: string) => TextFile | undefined,
): string[] {
  if (!titles.has(path)) {
    const file = read(path)
    titles.set(path, file === undefined ? undefined : titlesOf(file))
  }
  const there = titles.get(path)
  if (there === undefined) return [`names ${path}, which is not there`]
  return there.has(title) ? [] : [`names "${title}", which is no test of ${path}`]
}

/** The titles of the tests in a file; of a template, its text as it is written. */
export function titlesOf(file: TextFile): Set<string> {
  const titles = new Set<string>()
  visit(parse(file), node => {
    if (!ts.isCallExpression(node) || !testers.has(firstWord(node.expression))) return
    const [title] = node.arguments
    if (title === undefined) return
    if (ts.isStringLiteralLike(title)) titles.add(title.text)
    else if (ts.isTemplateExpression(title)) titles.add(title.getText().slice(1, -1))
  })
  return titles
}

/** `test`, of `test(…)`, `test.fails(…)` and `test.each([…])(…)`. */
function firstWord(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text
  if (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node)) return firstWord(node.expression)
  return ''
}
