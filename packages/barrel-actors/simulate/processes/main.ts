import { runSeeds } from '../run-seeds.ts'
import { scenario } from './scenario.ts'

export const main = (args: readonly string[]): Promise<number> => runSeeds('processes', scenario, args)
