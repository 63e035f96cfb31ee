// docs/reference/options.md says what the code says.
import { describe, expect, test } from 'vitest'
import { type DefaultsTable, type OptionsType, readDefaults, readOptionsTypes } from './options-code.ts'
import { checkOptions, optionsPage, readOrphans, readSections, seedOptions, textsOf, unitOf } from './options-page.ts'
import { readFiles, readText, told } from './project.ts'

const files = readFiles(/^packages\/[^/]+\/src\/.*(?<!\.test|\.suite)\.ts$/)

describe('the project', () => {
  test('has every option of every package on the options page, with default, unit, source and the name in the seed', async () => {
    const page = readText(optionsPage)
    const [types, tables] = [readOptionsTypes(files), await readDefaults(files)]
    expect(types.length).toBeGreaterThan(20)
    expect(tables.length).toBeGreaterThan(10)
    expect(told(checkOptions(readSections(page), readOrphans(page), types, tables))).toEqual([])
  })
})

const orphans = `## Options of the seed without a successor

| in the seed | why |
|---|---|
| ${seedOptions.map(name => `\`${name}\``).join(', ')} | not ours |
`

const stated = new Map([['isRound', 'true']])
const types: OptionsType[] = [
  { name: 'RingOptions', path: 'packages/a/src/options.ts', options: ['ringMs', 'isRound'], stated },
]
const tables: DefaultsTable[] = [
  { name: 'ringDefaults', values: { ringMs: 5_000 }, sources: new Map([['ringMs', 'chosen: a while']]) },
]
const head = '`RingOptions` of `@barrel-actors/a`; defaults: `ringDefaults`.\n\n| a | b | c | d | e | f |\n|---|\n'
const ringRow = '| `ringMs` | 5,000 | ms | chosen: a while | — | how long |\n'
const roundRow = '| `isRound` | true | switch | chosen | — | whether |\n'

function problems(text: string): string[] {
  const sections = readSections(text)
  return checkOptions(sections, readOrphans(text), types, tables).map(({ problem }) => problem)
}

describe('the rule', () => {
  test('allows a page that says what the code says', () => {
    expect(problems(head + ringRow + roundRow + orphans)).toEqual([])
  })

  test.each([
    ['a type that is not there', orphans, 'lacks RingOptions'],
    [
      'a table of defaults that nobody names',
      head.replace('; defaults: `ringDefaults`', '') + ringRow + roundRow + orphans,
      'has no section with the defaults ringDefaults',
    ],
    ['an option that is not there', head + ringRow + orphans, 'RingOptions lacks isRound'],
    [
      'an option that does not exist',
      `${head + ringRow + roundRow}| \`ring\` | 1 | n | chosen | — | x |\n${orphans}`,
      'RingOptions.ring is not an option',
    ],
    [
      'another default',
      head + ringRow.replace('5,000', '50,000') + roundRow + orphans,
      'RingOptions.ringMs has the default 5,000 in the code, not 50,000',
    ],
    [
      'a longer number',
      head + ringRow.replace('5,000', '5,000,000') + roundRow + orphans,
      'RingOptions.ringMs has the default 5,000 in the code, not 5,000,000',
    ],
    [
      'another default than a comment states',
      head + ringRow + roundRow.replace('true', 'false') + orphans,
      'RingOptions.isRound has the default true in the code, not false',
    ],
    [
      'another source',
      head + ringRow.replace('chosen: a while', 'the paper') + roundRow + orphans,
      'RingOptions.ringMs has another source in the code: chosen: a while',
    ],
    [
      'another unit',
      head + ringRow.replace('| ms |', '| s |') + roundRow + orphans,
      'RingOptions.ringMs has the unit ms',
    ],
    [
      'an empty cell',
      head + ringRow + roundRow.replace('switch', '') + orphans,
      'RingOptions.isRound has an empty cell',
    ],
    [
      'an option of the seed that is left out',
      head + ringRow + roundRow + orphans.replace('`arwl`, ', ''),
      'does not say what became of arwl',
    ],
    [
      'an option of the seed that is in two places',
      head + ringRow.replace('—', '`arwl`') + roundRow + orphans,
      'says that arwl has a successor and that it has none',
    ],
    [
      'a name that the seed has not',
      head + ringRow.replace('—', '`ring_ms`') + roundRow + orphans,
      'names ring_ms, which is not an option of the seed',
    ],
  ])('refuses %s', (_, page, problem) => {
    expect(problems(page)).toContain(problem)
  })

  test('reads defaults with separators, in MiB, in words and as code', () => {
    expect(textsOf(65_536)).toEqual(['65,536', '65536', '64 KiB'])
    expect([textsOf(0.5), textsOf(Infinity)]).toEqual([['0.5', '0.5'], ['Infinity']])
    expect([textsOf('lan'), textsOf(false), textsOf({}), textsOf(undefined)]).toEqual([['`lan`'], ['false'], [], []])
  })

  test('knows the unit of a name', () => {
    expect(['dialTimeoutMs', 'pendingMsMax', 'cacheBytesMax', 'heapPerByteMax'].map(unitOf)).toEqual([
      'ms',
      'ms',
      'bytes',
      undefined,
    ])
  })

  test('finds the options of a type in the code, with those of a base that is not public', () => {
    const sample = [
      { path: 'packages/a/src/index.ts', text: "export type { RingOptions } from './options.ts'\n" },
      {
        path: 'packages/a/src/options.ts',
        text: 'export interface RingOptions extends Partial<BaseOptions> { readonly ringMs?: number }\n',
      },
      {
        path: 'packages/a/src/base.ts',
        text: 'export interface BaseOptions {\n  /** Whether. Default true. */\n  readonly isRound: boolean\n}\n',
      },
    ]
    expect(readOptionsTypes(sample)).toEqual(types)
  })
})
