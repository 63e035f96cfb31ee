/** Every scenario that `npm run simulate -- <name>` knows: a module that takes the arguments after its name. */

export interface ScenarioModule {
  /** Gives the exit code. */
  main(args: readonly string[]): Promise<number>
}

export const scenarios: Readonly<Record<string, () => Promise<ScenarioModule>>> = {
  membership: () => import('./membership/main.ts'),
  overlay: () => import('./overlay/main.ts'),
  processes: () => import('./processes/main.ts'),
}

export const defaultScenario = 'processes'
