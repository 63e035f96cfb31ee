import { expect, test } from 'vitest'

test('the package exports these names', async () => {
  expect(Object.keys(await import('@barrel-actors/simulation')).sort()).toMatchInlineSnapshot(`
    [
      "MemoryDisk",
      "MemoryNetwork",
      "VirtualClock",
      "VirtualTurns",
      "createSimulation",
      "limits",
      "memoryCarrier",
      "memoryCarrierKey",
      "networkDefaults",
      "seededEntropy",
      "seededRandom",
      "simulationDefaults",
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
