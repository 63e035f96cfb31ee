// What files, folders and tests are called, and which words the runtime does not know.
import ts from 'typescript'
import { type Finding, lineAt, type TextFile } from './project.ts'
import { isTest, lineOf, parse, visit } from './source.ts'

// A drawer: what has no name has no home yet.
const drawer = /^(utils?|helpers?|common|misc)$/

const kebab = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/

// README.md, CHANGELOG.md, LICENSE: named as every project names them.
const wellKnown = /^[A-Z]+(\.md)?$/

// A module of Erlang is an atom, and its file is called as it is.
const erlang = /^[a-z0-9]+(_[a-z0-9]+)*\.erl$/

/** What is wrong with the names in a path. */
export function checkPath(path: string): Finding[] {
  const wrong = path.split('/').flatMap(name => {
    const [stem = ''] = name.split('.')
    if (drawer.test(stem)) return [`is called ${name}: name it after what it holds`]
    return [kebab, wellKnown, erlang].some(form => form.test(name))
      ? []
      : [`is called ${name}: names are in kebab-case`]
  })
  return wrong.map(problem => ({ path, line: 1, problem }))
}

/** Words of the layers above, in the runtime's production code. */
export function checkRuntimeWords(file: TextFile): Finding[] {
  if (!file.path.startsWith('packages/runtime/src/') || isTest(file.path)) return []
  // `quick` is a word of its own.
  return [...file.text.matchAll(/quic(?!k)|gossip|cluster/gi)].map(match => ({
    path: file.path,
    line: lineAt(file.text, match.index),
    problem: `says "${match[0]}": the runtime knows no layer above it`,
  }))
}

/** Titles that say nothing, and tests that are left out. */
export function checkTitles(file: TextFile): Finding[] {
  const findings: Finding[] = []
  visit(parse(file), node => {
    if (!ts.isCallExpression(node)) return
    const words = wordsOf(node.expression)
    if (!['test', 'it', 'describe', 'law'].includes(words[0] ?? '')) return
    const title = node.arguments[0]
    const problem = titleProblem(words, title !== undefined && ts.isStringLiteralLike(title) ? title.text : undefined)
    if (problem !== undefined) findings.push({ path: file.path, line: lineOf(node), problem })
  })
  return findings
}

function titleProblem(words: readonly string[], title: string | undefined): string | undefined {
  if (words.includes('only')) return `${words.join('.')} leaves every other test out`
  if (title === undefined) return undefined
  const isLeftOut = words.some(word => ['skip', 'skipIf', 'runIf', 'todo'].includes(word))
  if (isLeftOut && !/\(.+\)/.test(title)) return `"${title}" is left out: say why in the title, in parentheses`
  if (/#\d+|\b(issue|bug|gh|pr)[ -]?\d+/i.test(title)) return `"${title}" names an issue: say what should happen`
  if (/^\W*\w*?[\s_-]*\d+\W*$/.test(title)) return `"${title}" is a number: say what should happen`
  return undefined
}

/** `test.skipIf(x)` and `test.each([…])` are called twice; the words are those of the whole: test, skipIf. */
function wordsOf(node: ts.Expression): string[] {
  if (ts.isIdentifier(node)) return [node.text]
  if (ts.isPropertyAccessExpression(node)) return [...wordsOf(node.expression), node.name.text]
  if (ts.isCallExpression(node) || ts.isTaggedTemplateExpression(node)) {
    return wordsOf(ts.isCallExpression(node) ? node.expression : node.tag)
  }
  return []
}
