import { scenario } from './processes/scenario.ts'
import { holdsUnderFaults } from './seeds.suite.ts'

holdsUnderFaults('processes', 'processes see what Erlang promises', scenario, { seeds: 130, replays: 20 })
