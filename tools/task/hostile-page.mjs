// docs/hostile-peers.md, row by row: which tests a row names, and what they held, written at the end of its memory cell.

/** @typedef {{ path: string, title: string }} NamedTest */
/** @typedef {{ line: number, promise: string, tests: NamedTest[] }} Row */
/** What one test made its OS process hold: at most, and after the garbage was collected.
 * @typedef {{ title: string, heldBytes: number, leftBytes: number }} Held */

const rowPattern = /^\| (?!promise \|)(.+) \|$/
const figure = /(; )?held \d+ MiB, left [\d.]+$/
const MiB = 1024 * 1024

/**
 * @param {string} page
 * @returns {Row[]}
 */
export function rowsOf(page) {
  return page.split('\n').flatMap((text, line) => {
    const cells = cellsOf(text)
    if (cells === undefined) return []
    const tests = [...(cells[3] ?? '').matchAll(/`([^`\s]+\.ts)` "([^"]+)"/g)]
    return [{ line, promise: cells[0] ?? '', tests: tests.map(([, path = '', title = '']) => ({ path, title })) }]
  })
}

/**
 * The page with what each row held. A row of several tests held what the worst of them did.
 * @param {string} page
 * @param {ReadonlyMap<number, readonly Held[]>} held by the line of the row
 */
export function withFigures(page, held) {
  const lines = page.split('\n').map((text, line) => {
    const cells = cellsOf(text)
    const measured = held.get(line)
    if (cells === undefined || measured === undefined || measured.length === 0) return text
    const bound = (cells[2] ?? '').replace(figure, '')
    cells[2] = bound === '' ? figureOf(measured) : `${bound}; ${figureOf(measured)}`
    return `| ${cells.join(' | ')} |`
  })
  return lines.join('\n')
}

/** @param {readonly Held[]} held */
export function figureOf(held) {
  const most = Math.max(...held.map(({ heldBytes }) => heldBytes))
  const left = Math.max(...held.map(({ leftBytes }) => leftBytes))
  return `held ${Math.ceil(most / MiB)} MiB, left ${(left / MiB).toFixed(1)}`
}

/**
 * Rows whose memory cell has no figure.
 * @param {string} page
 */
export function rowsWithoutFigure(page) {
  return page.split('\n').flatMap(text => {
    const cells = cellsOf(text)
    return cells === undefined || figure.test(cells[2] ?? '') ? [] : [cells[0] ?? '']
  })
}

/**
 * The cells of a row of a table with the column `memory`.
 * @param {string} text
 */
function cellsOf(text) {
  const row = rowPattern.exec(text)?.[1]
  const cells = row?.split(' | ')
  return cells?.length === 4 ? cells : undefined
}

/**
 * A pattern for vitest's `-t` that finds the test with that title; what `test.each` fills in is anything.
 * @param {string} title
 */
export function patternOf(title) {
  return title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/%[sdifjo]/g, '.*')
}
