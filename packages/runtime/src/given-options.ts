/** Options as users give them: undefined counts as absent, and a name that no option has is refused. */

import { runtimeError } from './errors.ts'

/** The options that have a value. */
export function givenOptions<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options
}

/** What is wrong with the first option that has none of these names; undefined where each has one. */
export function unknownOption(
  options: object,
  names: readonly string[],
): { readonly option: string; readonly problem: string } | undefined {
  const option = Object.keys(options).find(each => !names.includes(each))
  return option === undefined ? undefined : { option, problem: noSuchOption(option, names) }
}

function noSuchOption(option: string, known: readonly string[]): string {
  const near = nearest(option, known)
  return near === undefined ? 'there is no such option' : `there is no such option; did you mean ${near}`
}

/**
 * Refuses a name that no option has.
 * @throws E_OPTION_INVALID
 */
export function checkOptionNames(options: object, names: readonly string[]): void {
  const unknown = unknownOption(options, names)
  if (unknown !== undefined) throw runtimeError('E_OPTION_INVALID', { ...unknown })
}

/** Longer names are nobody's mistake. */
const lengthMax = 64

function nearest(option: string, known: readonly string[]): string | undefined {
  const [first] = known
    .map(name => ({ name, distance: distanceOf(plain(option), plain(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(1, name.length / 3))
    .sort((one, other) => one.distance - other.distance)
  return first?.name
}

/** `listen_port`, `ListenPort` and `listen-port` are `listenPort`. */
function plain(name: string): string {
  return name.slice(0, lengthMax).toLowerCase().replace(/[_-]/g, '')
}

/** How many characters differ: put in, left out or replaced (Levenshtein). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, place) => place)
  for (const [index, character] of [...one].entries()) {
    const next = [index + 1]
    for (let place = 1; place <= other.length; place++) {
      const replaced = at(row, place - 1) + (other[place - 1] === character ? 0 : 1)
      next.push(Math.min(replaced, at(row, place) + 1, at(next, place - 1) + 1))
    }
    row = next
  }
  return at(row, other.length)
}

function at(row: readonly number[], place: number): number {
  return row[place] as number
}
