// `npm run fuzz`: the properties of the decoders that the tests run too, with a million inputs each.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failed, node, root } from './child.mjs'
import { decodersOf, readArguments, tell } from './fuzz-report.mjs'

/** @typedef {import('./fuzz-report.mjs').Line} Line */

/**
 * `npm run fuzz -- [--inputs N] [--seed S] [--path P] [decoder]`
 * @param {string[]} args
 */
export async function runFuzz(args) {
  const asked = readArguments(args)
  const found = findDecoders().filter(({ decoder }) => asked?.decoder === undefined || decoder === asked.decoder)
  if (asked === undefined || found.length === 0) {
    console.error('npm run fuzz -- [--inputs N] [--seed S] [--path P] [decoder], where the decoder is one of:')
    console.error(
      findDecoders()
        .map(({ decoder }) => `  ${decoder}`)
        .join('\n'),
    )
    return 2
  }
  const folder = mkdtempSync(join(tmpdir(), 'barrel-actors-fuzz-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  process.env['BARREL_FUZZ_INPUTS'] = asked.inputs
  if (asked.seed !== undefined) process.env['BARREL_FUZZ_SEED'] = asked.seed
  if (asked.path !== undefined) process.env['BARREL_FUZZ_PATH'] = asked.path
  let code = 0
  for (const [index, { file, decoder }] of found.entries()) {
    const report = join(folder, `${index}.json`)
    process.env['BARREL_FUZZ'] = report
    process.env['BARREL_FUZZ_ONLY'] = decoder
    // A million inputs take as long as they take.
    const how = ['--project', 'unit', '--reporter=minimal', '--testTimeout=0']
    if ((await node(['node_modules/vitest/vitest.mjs', 'run', ...how, file], { quietStdout: true })) !== 0)
      code = failed
    const line = readLine(report)
    console.log(line === undefined ? `${decoder}: did not run` : tell(line))
    if (line === undefined) code = failed
  }
  return code
}

function findDecoders() {
  const folder = join(root, 'packages')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(file => file.replaceAll('\\', '/'))
    .filter(file => /^[^/]+\/src\/.*\.test\.ts$/.test(file))
    .sort()
  return files.flatMap(file => decodersOf(`packages/${file}`, readFileSync(join(folder, file), 'utf8')))
}

/**
 * @param {string} file
 * @returns {Line | undefined}
 */
function readLine(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // The test did not come so far.
    return undefined
  }
}
