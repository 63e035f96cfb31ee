/** How the options of backends are checked: a misspelt one is not taken for a default. */
import { givenOptions, unknownOption } from '@barrel-actors/runtime'
import { membershipError } from '../errors.ts'

export type Rule = readonly [isValid: (value: unknown) => boolean, rule: string]

/**
 * What the user gave, and the default wherever that is nothing or undefined.
 * @throws E_DISCOVERY_INVALID
 */
export function resolveOptions<Defaults extends object, Options extends Partial<Defaults>>(
  backend: string,
  options: Options,
  defaults: Defaults,
  rules: { readonly [Option in keyof Required<Options>]: Rule },
): Options & Defaults {
  if (typeof options !== 'object' || options === null) throw invalid(backend, 'its options are not an object')
  const unknown = unknownOption(options, Object.keys(rules))
  if (unknown !== undefined) throw invalid(backend, `${unknown.option}: ${unknown.problem}`)
  const given = givenOptions(options)
  for (const [option, value] of Object.entries(given)) {
    const [isValid, rule] = rules[option as keyof Options]
    if (!isValid(value)) throw invalid(backend, `${option} is not ${rule}`)
  }
  return { ...defaults, ...given }
}

export function invalid(backend: string, problem: string, cause?: unknown): Error {
  return membershipError('E_DISCOVERY_INVALID', { backend, problem }, cause)
}

export const milliseconds: Rule = [
  value => typeof value === 'number' && value > 0 && Number.isFinite(value),
  'a number of milliseconds above 0',
]

export const port: Rule = [
  value => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535,
  'a port, 1 to 65535',
]

export function wholeUpTo(max: number): Rule {
  return [
    value => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max,
    `a whole number, 1 to ${max}`,
  ]
}
