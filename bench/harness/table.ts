/** Rows as a table for people. */

import type { Row } from './row.ts'

const titles = ['figure', 'ours', 'least - most', 'unit', 'ratio', 'peer', 'others']

export function tableOf(rows: readonly Row[]): string {
  const lines = [titles, ...rows.map(cellsOf)]
  const widths = titles.map((_, column) => Math.max(...lines.map(cells => cells[column]?.length ?? 0)))
  return lines
    .map(cells =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cellsOf(row: Row): string[] {
  const others = Object.entries(row.others).map(([peer, value]) => `${peer} ${quantity(value)}`)
  return [
    row.name,
    quantity(row.value),
    `${quantity(Math.min(...row.runs))} - ${quantity(Math.max(...row.runs))}`,
    row.unit,
    row.ratio === null ? '-' : row.ratio.toPrecision(2),
    `${row.peer} ${quantity(row.peerValue)}`,
    others.join(', '),
  ]
}

/** Three digits and a magnitude: `12.3 M`; what is not on this machine is `absent`. */
export function quantity(value: number | null): string {
  if (value === null) return 'absent'
  if (value >= 1e6) return `${digits(value / 1e6)} M`
  return value >= 1e4 ? `${digits(value / 1e3)} k` : digits(value)
}

function digits(value: number): string {
  return String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
}
