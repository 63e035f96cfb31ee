import { expect, test } from 'vitest'

test('the package exports these names', async () => {
  expect(Object.keys(await import('@barrel-actors/simulation')).sort()).toMatchInlineSnapshot(`
    [
      "MemoryDisk",
      "MemoryNetwork",
      "SimulationFailure",
      "VirtualClock",
      "VirtualTurns",
      "constantDelay",
      "createSimulation",
      "diskFaultsDefaults",
      "drawFaults",
      "exponentialDelay",
      "faultRangesDefaults",
      "limits",
      "lognormalDelay",
      "memoryCarrier",
      "memoryCarrierKey",
      "networkDefaults",
      "noFaults",
      "seededEntropy",
      "seededRandom",
      "seedsFrom",
      "simulate",
      "simulateDefaults",
      "simulateSeeds",
      "simulationDefaults",
      "uniformDelay",
      "wayDefaults",
    ]
  `)
})

test('the carrier suite is under a path of its own, so that the package itself needs no test runner', async () => {
  expect(Object.keys(await import('@barrel-actors/simulation/carrier-suite'))).toMatchInlineSnapshot(`
    [
      "carrierSuite",
    ]
  `)
})
