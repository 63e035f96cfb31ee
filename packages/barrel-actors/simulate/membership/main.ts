import { runSeeds } from '../run-seeds.ts'
import { scenario } from './scenario.ts'

export const main = (args: readonly string[]): Promise<number> => runSeeds('membership', scenario, args)
