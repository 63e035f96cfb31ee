// `npm run simulate -- planted [--seeds A..B] [text]`: plants each bug of the table into a copy of what was built, and plays
// its scenario until a seed fails. A bug that no seed finds shows what the scenarios do not look at.

import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'
import { failed, root } from './child.mjs'

/** @typedef {import('../../packages/barrel-actors/simulate/planted/bugs.ts').PlantedBug} PlantedBug */

const packages = ['runtime', 'simulation', 'membership', 'barrel-actors']
const seedsDefault = '1..2000'
const foundMin = 28 / 30

/** @param {string[]} args */
export async function runPlanted(args) {
  const at = args.indexOf('--seeds')
  const seeds = at < 0 ? seedsDefault : (args[at + 1] ?? '')
  const [text = ''] = at < 0 ? args : args.toSpliced(at, 2)
  const table = join(root, 'packages/barrel-actors/simulate/dist/planted/bugs.js')
  /** @type {{ plantedBugs: readonly PlantedBug[] }} */
  const { plantedBugs } = await import(pathToFileURL(table).href)
  const bugs = plantedBugs.filter(({ name, protocol }) => `${protocol}: ${name}`.includes(text))
  const copy = createCopy()
  let found = 0
  try {
    for (const bug of bugs) if (await isFound(bug, copy, seeds)) found++
  } finally {
    rmSync(copy, { recursive: true })
  }
  console.log(`${found} of ${bugs.length} bugs found within the seeds ${seeds}`)
  return bugs.length > 0 && found / bugs.length >= foundMin ? 0 : failed
}

/** What was built, with its packages by their names. */
function createCopy() {
  const copy = mkdtempSync(join(tmpdir(), 'barrel-planted-'))
  const modules = join(copy, 'node_modules')
  mkdirSync(join(modules, '@barrel-actors'), { recursive: true })
  for (const entry of readdirSync(join(root, 'node_modules'))) {
    if (!entry.includes('barrel-actors'))
      symlinkSync(join(root, 'node_modules', entry), join(modules, entry), 'junction')
  }
  for (const name of packages) {
    const [from, to] = [join(root, 'packages', name), join(copy, 'packages', name)]
    cpSync(from, to, { recursive: true, filter: path => !path.includes('node_modules') && !path.endsWith('.test.ts') })
    const link = name === 'barrel-actors' ? name : `@barrel-actors/${name}`
    symlinkSync(to, join(modules, link), 'junction')
  }
  return copy
}

/**
 * @param {PlantedBug} bug
 * @param {string} copy
 * @param {string} seeds
 */
async function isFound(bug, copy, seeds) {
  const { file, from, to, scenario, protocol, name } = bug
  const built = join(copy, file.replace('/src/', '/dist/').replace(/\.ts$/, '.js'))
  const whole = readFileSync(built)
  writeFileSync(built, compile(readFileSync(join(root, file), 'utf8').replace(from, () => to)))
  const startedMs = Date.now()
  const said = await play(join(copy, 'packages/barrel-actors/simulate/dist/main.js'), scenario, seeds)
  writeFileSync(built, whole)
  const seed = /^ {2}seed (\d+)/m.exec(said)?.[1]
  const seconds = Math.round((Date.now() - startedMs) / 1000)
  const how = seed === undefined ? 'NOT FOUND' : `seed ${seed}: ${said.split('\n', 1)[0]?.slice(0, 160)}`
  console.log(`${protocol}: ${name}\n  ${how} (${seconds} s)`)
  return seed !== undefined
}

/** @param {string} source */
function compile(source) {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), path => readFileSync(path, 'utf8'))
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  const { module, moduleResolution } = {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  }
  const alone = { composite: false, declaration: false, declarationMap: false, sourceMap: false }
  return ts.transpileModule(source, { compilerOptions: { ...options, module, moduleResolution, ...alone } }).outputText
}

/**
 * What a scenario says when a seed fails; nothing where none does.
 * @param {string} main
 * @param {string} scenario
 * @param {string} seeds
 * @returns {Promise<string>}
 */
function play(main, scenario, seeds) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, scenario, '--seeds', seeds, '--until-failure'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', data => {
      said += data
    })
    child.once('error', reject)
    child.once('close', code => {
      const isPlayed = (code === 0) === (said === '') && (said === '' || said.includes('\n  seed '))
      if (isPlayed) resolve(said)
      else reject(new Error(`the copy does not play: it ended with ${code}, ${said}`))
    })
  })
}
