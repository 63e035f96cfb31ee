// The options of every package, as the code has them: the members of each public options type, and each table of
// defaults with the comment behind every value, which says where it comes from.
import { join, posix } from 'node:path'
import ts from 'typescript'
import { root, type TextFile } from './project.ts'
import { importsOf, parse, visit } from './source.ts'

/** A public options type. */
export interface OptionsType {
  readonly name: string
  readonly path: string
  /** Its own options, and those of the types that it extends and that are not public. */
  readonly options: readonly string[]
  /** What the comment of an option says after `Default`, where that is a number, a switch or a text. */
  readonly stated: ReadonlyMap<string, string>
}

/** A table of defaults. */
export interface DefaultsTable {
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
  /** The comment behind the value, where there is one. */
  readonly sources: ReadonlyMap<string, string>
}

const typeName = /(Options|Bounds|Faults|Ranges)$/

/** The public options types, each once. */
export function readOptionsTypes(files: readonly TextFile[]): OptionsType[] {
  const exported = publicNames(files)
  const isPublic = (name: string) => exported.some(each => each.name === name)
  return exported.flatMap(({ name, file }) => {
    const declared = interfaceIn(file, name)
    if (declared === undefined) return []
    const members = membersOf(declared, files, isPublic)
    const options = members.map(({ name }) => name.text)
    return [{ name, path: file.path, options, stated: new Map(members.flatMap(statedBy)) }]
  })
}

/** The tables of defaults, public or not. */
export function readDefaults(files: readonly TextFile[]): Promise<DefaultsTable[]> {
  const tables = files.flatMap(file => tablesIn(file).map(name => ({ name, file })))
  return Promise.all(
    tables.map(async ({ name, file }) => {
      const module = (await import(join(root, file.path))) as Record<string, Record<string, unknown>>
      return { name, values: module[name] ?? {}, sources: sourcesOf(file, name) }
    }),
  )
}

function tablesIn({ text }: TextFile): string[] {
  return [...text.matchAll(/^export const (\w+Defaults)\b/gm)].flatMap(([, name = '']) => name)
}

interface Exported {
  readonly name: string
  readonly file: TextFile
}

/** The options types that the entries of the packages export, with the file that has each. */
function publicNames(files: readonly TextFile[]): Exported[] {
  const entries = files.filter(({ path }) => /^packages\/[^/]+\/src\/index\.ts$/.test(path))
  return entries.flatMap(entry =>
    importsOf(entry)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .flatMap(({ specifier, names }) => {
        const file = fileAt(files, posix.join(posix.dirname(entry.path), specifier))
        const wanted = names.filter(name => typeName.test(name))
        return file === undefined ? [] : wanted.map(name => ({ name, file }))
      }),
  )
}

function fileAt(files: readonly TextFile[], path: string): TextFile | undefined {
  return files.find(file => file.path === path)
}

function interfaceIn(file: TextFile, name: string): ts.InterfaceDeclaration | undefined {
  return parse(file).statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  )
}

type Member = ts.TypeElement & { readonly name: ts.Identifier }

function membersOf(
  declared: ts.InterfaceDeclaration,
  files: readonly TextFile[],
  isPublic: (name: string) => boolean,
): Member[] {
  const isNamed = (member: ts.TypeElement): member is Member =>
    member.name !== undefined && ts.isIdentifier(member.name)
  const bases = (declared.heritageClauses ?? []).flatMap(({ types }) => types.flatMap(baseNames))
  const inherited = bases
    .filter(base => !isPublic(base))
    .flatMap(base => {
      const found = files.map(file => interfaceIn(file, base)).find(each => each !== undefined)
      return found === undefined ? [] : membersOf(found, files, isPublic)
    })
  return [...declared.members.filter(isNamed), ...inherited]
}

function statedBy(member: Member): [option: string, text: string][] {
  const comment = member.getFullText().slice(0, member.getLeadingTriviaWidth())
  const [, stated] = /\bdefault (\d[\d, ]*|true|false|`[^`]+`)/i.exec(comment) ?? []
  return stated === undefined ? [] : [[member.name.text, stated.replace(/[, ]+$/, '')]]
}

/** The types in an `extends`: `Base`, or the `Base` in `Partial<Base>` and `Omit<Base, 'x'>`. */
function baseNames(node: ts.ExpressionWithTypeArguments): string[] {
  const names: string[] = []
  visit(node, each => {
    if (ts.isIdentifier(each) && typeName.test(each.text)) names.push(each.text)
  })
  return names
}

function sourcesOf(file: TextFile, table: string): Map<string, string> {
  const sources = new Map<string, string>()
  visit(parse(file), node => {
    if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name) || node.name.text !== table) return
    visit(node, each => {
      if (!ts.isPropertyAssignment(each) || !ts.isIdentifier(each.name)) return
      const behind = /^,?[ \t]*\/\/ (.*)/.exec(file.text.slice(each.getEnd()))
      if (behind?.[1] !== undefined) sources.set(each.name.text, behind[1].trim())
    })
  })
  return sources
}
