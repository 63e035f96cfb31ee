// docs/reference/options.md: a table for each options type, which a line above it names. Compared with the code.
import type { DefaultsTable, OptionsType } from './options-code.ts'
import type { Finding } from './project.ts'

export const optionsPage = 'docs/reference/options.md'

/** One row of a table of options. */
export interface OptionRow {
  readonly option: string
  readonly defaultText: string
  readonly unit: string
  readonly source: string
  readonly seed: string
  readonly line: number
}

/** The options of one type on the page. */
export interface OptionsSection {
  readonly type: string
  readonly defaults: string | undefined
  readonly rows: readonly OptionRow[]
  readonly line: number
}

/** The name of every option of barrel_p2p, of which ours are successors: its configuration, and what its carrier takes. */
export const seedOptions: readonly string[] = `
listen_port address quic_cert_dir active_size passive_size arwl prwl shuffle_length shuffle_period max_fail_count
base_backoff_ms passive_max_age_ms passive_cleanup_period churn_window_ms pending_timeout_ms contact_nodes
contact_retry_ms dist_cookie dist_gc_sweep_period_ms dist_gc_min_age_ms discovery_backends discovery_dir auth_enabled
auth_trust_mode auth_key_dir auth_handshake_timeout auth_timestamp_window cookie_only_nodes router_max_in_flight
route_cache_sweep_period_ms proxy_cast_max_in_flight ring_size member_heartbeat_ms member_ttl_ms member_skew_ms
reminder_scan_ms reminder_tombstone_ttl_ms reminder_data_dir replicated_maps barrel_p2p_map_scan_ms
barrel_p2p_map_tombstone_ttl_ms barrel_p2p_map_data_dir replica_anti_entropy_ms cert_file key_file auth_callback
discovery_module nodes congestion_threshold max_pull_per_notification backpressure_retry_ms pacing_enabled
register_with_epmd`
  .trim()
  .split(/\s+/)

const sectionLine = /^`(\w+)` of `[^`]+`(?:; defaults: `(\w+)`)?\.$/
const rowLine = /^\| `([^`]+)` \|/

/** The tables that stand below a line such as "`QuicOptions` of `@barrel-actors/dist-quic`; defaults: `quicDefaults`." */
export function readSections(text: string): OptionsSection[] {
  const sections: (OptionsSection & { rows: OptionRow[] })[] = []
  let isInside = false
  for (const [index, content] of text.split('\n').entries()) {
    const line = index + 1
    const [, type, defaults] = sectionLine.exec(content) ?? []
    if (type !== undefined) sections.push({ type, defaults, rows: [], line })
    if (type !== undefined || content.startsWith('#')) isInside = type !== undefined
    if (isInside && rowLine.test(content)) sections.at(-1)?.rows.push(rowOf(content, line))
  }
  return sections
}

/** The names of the seed that a text has in the table of those without a successor. */
export function readOrphans(text: string): string[] {
  const [, after = ''] = text.split(/^## .*\bseed\b.*$/m)
  return [...after.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) => quoted(cell))
}

function rowOf(content: string, line: number): OptionRow {
  const [, option = '', defaultText = '', unit = '', source = '', seed = ''] = content
    .split('|')
    .map(cell => cell.trim())
  return { option: option.replaceAll('`', ''), defaultText, unit, source, seed, line }
}

/** What the page says otherwise than the code, or not at all. */
export function checkOptions(
  sections: readonly OptionsSection[],
  orphans: readonly string[],
  types: readonly OptionsType[],
  tables: readonly DefaultsTable[],
): Finding[] {
  return [
    ...types
      .filter(({ name }) => !sections.some(({ type }) => type === name))
      .map(({ name }) => wrong(1, `lacks ${name}`)),
    ...tables
      .filter(({ name }) => !sections.some(({ defaults }) => defaults === name))
      .map(({ name }) => wrong(1, `has no section with the defaults ${name}`)),
    ...sections.flatMap(section => checkSection(section, types, tables)),
    ...checkSeed(sections, orphans),
  ]
}

function checkSection(
  { type, defaults, rows, line }: OptionsSection,
  types: readonly OptionsType[],
  tables: readonly DefaultsTable[],
): Finding[] {
  const code = types.find(({ name }) => name === type)
  if (code === undefined) return [wrong(line, `names ${type}, which is not a public options type`)]
  const table = tables.find(({ name }) => name === defaults)
  if (defaults !== undefined && table === undefined) return [wrong(line, `names ${defaults}, which the code has not`)]
  const named = rows.map(({ option }) => option)
  return [
    ...code.options.filter(option => !named.includes(option)).map(option => wrong(line, `${type} lacks ${option}`)),
    ...rows.flatMap(row => {
      const problems = code.options.includes(row.option)
        ? checkRow(row, table, code.stated.get(row.option))
        : ['is not an option']
      return problems.map(problem => wrong(row.line, `${type}.${row.option} ${problem}`))
    }),
  ]
}

function checkRow(row: OptionRow, table: DefaultsTable | undefined, stated: string | undefined): string[] {
  const { option, defaultText, unit, source, seed } = row
  const problems: string[] = []
  const isIn = table !== undefined && option in table.values
  // Options that have a table of their own are not told twice.
  const isElsewhere = defaultText.startsWith('see [')
  const texts = isIn ? textsOf(table.values[option]) : textsOfStated(isElsewhere ? undefined : stated)
  if (texts.length > 0 && !texts.some(text => beginsWith(defaultText, text))) {
    problems.push(`has the default ${texts[0]} in the code, not ${defaultText}`)
  }
  const said = table?.sources.get(option)
  if (said !== undefined && said !== source) problems.push(`has another source in the code: ${said}`)
  const due = unitOf(option)
  if (due !== undefined && unit !== due) problems.push(`has the unit ${due}`)
  if ([defaultText, unit, source, seed].includes('')) problems.push('has an empty cell')
  return problems
}

/** How a page may write a default; none for what is not a number, a text or a switch. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'boolean') return [String(value)]
  if (typeof value === 'string') return [`\`${value}\``]
  if (typeof value !== 'number') return []
  if (!Number.isFinite(value)) return [String(value)]
  const [KiB, MiB] = [1024, 1024 * 1024]
  return [
    value.toLocaleString('en-US', { maximumFractionDigits: 20 }),
    String(value),
    ...(value > 0 && value % MiB === 0 ? [`${value / MiB} MiB`] : []),
    ...(value > 0 && value % KiB === 0 ? [`${value / KiB} KiB`] : []),
  ]
}

/** The same of a default that only a comment states. */
function textsOfStated(stated: string | undefined): string[] {
  if (stated === undefined) return []
  return /^\d/.test(stated) ? textsOf(Number(stated.replace(/[, ]/g, ''))) : [stated]
}

/** What the name of an option says of its unit. */
export function unitOf(option: string): string | undefined {
  if (/Ms(Max|Min)?$/.test(option)) return 'ms'
  return /Bytes(Max|High|Free)?$/.test(option) ? 'bytes' : undefined
}

function beginsWith(text: string, start: string): boolean {
  return text === start || (text.startsWith(start) && /^( |; |, )/.test(text.slice(start.length)))
}

/** Every option of the seed is in one place: beside its successor, or among those that have none. */
function checkSeed(sections: readonly OptionsSection[], orphans: readonly string[]): Finding[] {
  const successors = sections.flatMap(({ rows }) =>
    rows.flatMap(({ seed, line }) => quoted(seed).map(name => ({ name, line }))),
  )
  const named = new Set(successors.map(({ name }) => name))
  const unknown = [...successors, ...orphans.map(name => ({ name, line: 1 }))]
  return [
    ...seedOptions
      .filter(name => !named.has(name) && !orphans.includes(name))
      .map(name => wrong(1, `does not say what became of ${name}`)),
    ...orphans
      .filter(name => named.has(name))
      .map(name => wrong(1, `says that ${name} has a successor and that it has none`)),
    ...unknown
      .filter(({ name }) => !seedOptions.includes(name))
      .map(({ name, line }) => wrong(line, `names ${name}, which is not an option of the seed`)),
  ]
}

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
}

function wrong(line: number, problem: string): Finding {
  return { path: optionsPage, line, problem }
}
