/** `npm run simulate -- [scenario] [arguments of the scenario]`. */

import { defaultScenario, scenarios } from './scenarios.ts'

const args = process.argv.slice(2)
const isNamed = args[0] !== undefined && !args[0].startsWith('--')
const name = isNamed ? (args[0] as string) : defaultScenario
const load = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined
if (load === undefined) {
  console.error(`There is no scenario "${name}". Use one of: ${Object.keys(scenarios).join(', ')}.`)
  process.exitCode = 2
} else {
  const { main } = await load()
  process.exitCode = await main(args.slice(isNamed ? 1 : 0))
}
