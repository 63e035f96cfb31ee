// The parts of the suite. `npm test` runs the projects one after another, each against its own budget of minutes.
import { defineConfig } from 'vitest/config'

// Tests run from source: this condition makes every package resolve to its src/index.ts.
const conditions = ['@barrel-actors/source', 'node', 'import', 'module', 'default']

// For `npm run hostile`.
const setupFiles = process.env['BARREL_MEMORY'] === undefined ? [] : ['tools/task/watch-memory.ts']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  // As tsc -b compiles it. Node 20 has no `using`, so it must be lowered.
  oxc: { target: 'es2022' },
  test: {
    passWithNoTests: true,
    setupFiles,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts'],
          exclude: ['**/*.sim.test.ts'],
          // Property tests run hundreds of cases, and machines may be slow.
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'simulation',
          include: ['packages/*/src/**/*.sim.test.ts', 'packages/*/simulate/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'os-processes',
          include: ['packages/*/test/**/*.test.ts', 'examples/**/*.test.ts'],
          // Each test starts several OS processes: side by side they would starve each other on two cores.
          fileParallelism: false,
          maxConcurrency: 3,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: { name: 'rest', include: ['tools/**/*.test.ts', 'bench/**/*.test.ts'], testTimeout: 30_000 },
      },
    ],
  },
})
