#!/usr/bin/env node
// Committed, so that npm can link the command before anything is built: `npx barrel-actors` works in a fresh clone.
import { existsSync } from 'node:fs'

const main = new URL('../dist/cli/main.js', import.meta.url)

if (existsSync(main)) {
  const { runCommandLine } = await import(main.href)
  await runCommandLine(process.argv.slice(2))
} else {
  console.error('barrel-actors: it is not built yet. Run npm run setup in the root of the repository.')
  process.exitCode = 2
}
