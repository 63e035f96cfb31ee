import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { createSteps } from './steps.ts'

const demo = fileURLToPath(new URL('../dist/three-nodes/demo.js', import.meta.url))

interface Ended {
  readonly code: number
  readonly output: string
  readonly errors: string
}

function runDemo(...flags: string[]): Promise<Ended> {
  return new Promise(resolve => {
    const child = execFile(process.execPath, [demo, ...flags], (_, output, errors) => {
      resolve({ code: child.exitCode ?? -1, output, errors })
    })
  })
}

const steps = createSteps('', undefined).steps.map(step => step.name)

describe('the demo', { timeout: 120_000 }, () => {
  test.concurrent('tells its whole story and ends with 0', async () => {
    const { code, output, errors } = await runDemo()
    expect(errors).toBe('')
    expect(code).toBe(0)
    expect(output).toContain("{ kind: 'down', reason: 'noconnection' }")
    expect(output.match(/^ ?\d+\. /gm)).toHaveLength(steps.length)
  })

  test.concurrent.each(steps)('names the step %s when that is broken, and ends with 1', async step => {
    const { code, errors } = await runDemo('--break', step)
    expect(errors).toContain(`the step "${step}" failed`)
    expect(code).toBe(1)
  })

  test.concurrent('knows which steps there are', async () => {
    const { code, errors } = await runDemo('--break', 'no-such-step')
    expect(errors).toContain('there is no step no-such-step')
    expect(code).toBe(2)
  })
})
