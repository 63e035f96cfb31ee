// docs/errors.md: one chapter for each package, one section for each of its codes, written from the tables.
import { join } from 'node:path'
import { type Finding, listPaths, type Manifest, root } from './project.ts'

export type CodeTable = Readonly<Record<string, { readonly what: string; readonly todo: string }>>

/** The codes of one package. */
export interface PackageCodes {
  readonly name: string
  readonly path: string
  readonly codes: CodeTable
}

/** The tables of every package that has an errors.ts. */
export async function readCodes(manifests: readonly Manifest[]): Promise<PackageCodes[]> {
  const paths = listPaths().filter(path => /^packages\/[^/]+\/src\/errors\.ts$/.test(path))
  return Promise.all(
    paths.map(async path => {
      const { codes = {} } = (await import(join(root, path))) as { codes?: CodeTable }
      const folder = path.replace(/\/src\/errors\.ts$/, '')
      const name = manifests.find(manifest => manifest.path === `${folder}/package.json`)?.name ?? folder
      return { name, path, codes }
    }),
  )
}

/** The whole page. */
export function writePage(packages: readonly PackageCodes[]): string {
  return [
    '# Error codes\n',
    'Every error of Barrel Actors is a `BarrelError` with one of these codes: match on `code`, never on the text.',
    'Words in braces are the fields of the error.\n',
    'This page is written from the code by `npm run docs:errors`.',
    ...packages.flatMap(({ name, codes }) => [`\n## ${name}`, ...Object.entries(codes).map(section)]),
    '',
  ].join('\n')
}

/** What is wrong with the codes themselves: their form, their texts, the same one in two packages. */
export function checkCodes(packages: readonly PackageCodes[]): Finding[] {
  const holders = new Map<string, string>()
  return packages.flatMap(({ path, name, codes }) =>
    Object.entries(codes).flatMap(([code, { what, todo }]) => {
      const problems = [
        ...(/^E_[A-Z0-9]+(_[A-Z0-9]+)*$/.test(code) ? [] : [`${code} is not of the form E_UPPER_SNAKE`]),
        ...(isSentence(what) ? [] : [`${code}: what is not one sentence with a full stop: ${what}`]),
        ...(isSentence(todo) ? [] : [`${code}: todo is not one sentence with a full stop: ${todo}`]),
        ...(holders.has(code) ? [`${code} is a code of ${holders.get(code)} already`] : []),
      ]
      holders.set(code, name)
      return problems.map(problem => ({ path, line: 1, problem }))
    }),
  )
}

function section([code, { what, todo }]: [string, { what: string; todo: string }]): string {
  return `\n### ${code}\n\n${what}\n\nWhat to do: ${todo}`
}

/** One sentence: begins with a capital, a field or code in backticks, and has its only full stop at its end. */
function isSentence(text: string): boolean {
  return /^[A-Z{`]/.test(text) && /[^.]\.$/.test(text) && !/[.!?] +[A-Z]/.test(text) && !text.includes('\n')
}
