/**
 * Three nodes, each an operating-system process, talk over QUIC on this machine; one is killed, and the others
 * notice. Run it with `npm run demo`. `--break <step>` breaks a step on purpose, to show that it would be noticed.
 */
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runSteps } from './run-steps.ts'
import { createSteps } from './steps.ts'

const { values } = parseArgs({
  options: { break: { type: 'string' }, 'step-timeout-ms': { type: 'string', default: '15000' } },
})

const folder = join(tmpdir(), `barrel-demo-${process.pid}-${Date.now()}`)
const broken = values.break
const story = createSteps(folder, broken)
if (broken !== undefined && !story.steps.some(step => step.name === broken)) {
  console.error(`demo: there is no step ${broken}; steps: ${story.steps.map(step => step.name).join(', ')}`)
  process.exit(2)
}

// The folder holds the nodes' keys: nothing of it stays, however the demo ends.
function cleanUp(): void {
  story.cleanUp()
  rmSync(folder, { recursive: true, force: true })
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    cleanUp()
    process.exit(130)
  })
}

console.log('Three nodes start on this machine: a, b and c, each an operating-system process of its own.\n')
const failed = await runSteps(story.steps, Number(values['step-timeout-ms']))
cleanUp()
if (failed === undefined) console.log('\nThat was all of it. The code is in examples/three-nodes.')
process.exit(failed === undefined ? 0 : 1)
