/** Runs the steps of a story one after the other, each within its time, and says which one failed. */

export interface Step {
  /** One word, by which `--break` and the report of a failure name it. */
  readonly name: string
  /** What happens, for a newcomer. */
  readonly says: string
  /** Does it and checks it; what it returns is shown line by line. Throws where it did not happen. */
  run(): Promise<readonly string[]>
}

/** The name of the step that failed, or undefined where all went well. */
export async function runSteps(steps: readonly Step[], stepTimeoutMs: number): Promise<string | undefined> {
  for (const [index, step] of steps.entries()) {
    console.log(`${String(index + 1).padStart(2)}. ${step.says}`)
    try {
      const lines = await within(stepTimeoutMs, step.run())
      for (const line of lines) console.log(`    ${line}`)
    } catch (error) {
      console.error(`\ndemo: the step "${step.name}" failed: ${(error as Error).message}`)
      return step.name
    }
  }
  return undefined
}

async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  let timeout: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timeout = setTimeout(() => reject(new Error(`it did not happen within ${ms} ms`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timeout))
}
