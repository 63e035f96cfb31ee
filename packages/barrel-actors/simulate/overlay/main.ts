/** `npm run simulate -- overlay …`: the overlay alone, of as many nodes as wanted. */
import { readArguments, usage } from './arguments.ts'
import { runOverlay } from './run.ts'

export async function main(args: readonly string[]): Promise<number> {
  const given = readArguments(args)
  if (given === undefined) {
    console.error(`These arguments make no sense. Use: ${usage}`)
    return 2
  }
  runOverlay(given, (figure, value) => {
    console.log(given.json ? JSON.stringify({ figure, value }) : `${figure.padEnd(28)} ${JSON.stringify(value)}`)
  })
  return 0
}
