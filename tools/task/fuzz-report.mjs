// What `npm run fuzz` says of each decoder, and how it finds them.

/** What one decoder came to, as the properties write it.
 * @typedef {{ decoder: string, inputs: number, accepted: number, refused: number, seconds: number, seed: number,
 *   heldBytes: number, path?: string }} Line */
/** @typedef {{ file: string, decoder: string }} Decoder */

/**
 * The decoders that a test file fuzzes.
 * @param {string} file
 * @param {string} text
 * @returns {Decoder[]}
 */
export function decodersOf(file, text) {
  return [...text.matchAll(/\bfuzz\(\s*'([^']+)'/g)].map(([, decoder = '']) => ({ file, decoder }))
}

/**
 * One line for people.
 * @param {Line} line
 */
export function tell({ decoder, inputs, accepted, refused, seconds, seed, heldBytes, path }) {
  const figures = [
    `${inputs.toLocaleString('en')} inputs`,
    `${accepted.toLocaleString('en')} accepted`,
    `${refused.toLocaleString('en')} refused`,
    `${Math.round(seconds)} s`,
    `${Math.round(heldBytes / 1024 / 1024)} MiB`,
    `seed ${seed}`,
  ]
  const failed =
    path === undefined ? '' : `\n  failed; again: npm run fuzz -- --seed ${seed} --path ${path} '${decoder}'`
  return `${decoder}: ${figures.join(', ')}${failed}`
}

/**
 * `[--inputs N] [--seed S] [--path P] [decoder]`; undefined where they are none.
 * @param {readonly string[]} args
 */
export function readArguments(args) {
  /** @type {{ inputs: string, seed?: string, path?: string, decoder?: string }} */
  const read = { inputs: '1000000' }
  for (let at = 0; at < args.length; at++) {
    const name = /** @type {string} */ (args[at])
    if (!name.startsWith('--')) {
      if (read.decoder !== undefined) return undefined
      read.decoder = name
      continue
    }
    const value = args[++at]
    const isWhole = value !== undefined && /^-?\d+$/.test(value)
    if (name === '--inputs' && isWhole && Number(value) > 0) read.inputs = value
    else if (name === '--seed' && isWhole) read.seed = value
    else if (name === '--path' && value !== undefined) read.path = value
    else return undefined
  }
  return read
}
