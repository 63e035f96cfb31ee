import { expect, test } from 'vitest'

test('the package offers these values and no others', async () => {
  expect(Object.keys(await import('./index.ts')).sort()).toMatchInlineSnapshot(`
    [
      "BarrelError",
      "GenServer",
      "GenStateMachine",
      "HLC",
      "HybridClock",
      "Pid",
      "Ref",
      "SignalDecoder",
      "SignalEncoder",
      "Supervisor",
      "Task",
      "call",
      "cancelTimer",
      "cast",
      "checkNodeName",
      "codes",
      "defaultNode",
      "demonitor",
      "describeReason",
      "errorsOf",
      "exit",
      "extensionKey",
      "hasCode",
      "hostOf",
      "limits",
      "link",
      "makeRef",
      "monitor",
      "multiCall",
      "next",
      "noReply",
      "nodeNameProblem",
      "nodes",
      "parseAddress",
      "parseEndpoint",
      "register",
      "reply",
      "rpc",
      "send",
      "sendAfter",
      "silentLog",
      "spawn",
      "spawnLink",
      "spawnMonitor",
      "start",
      "startLink",
      "startNode",
      "startTimer",
      "stop",
      "systemClock",
      "systemDisk",
      "systemEntropy",
      "systemRandom",
      "unlink",
      "unregister",
      "whereis",
    ]
  `)
})

test('the package opens only its entry', async () => {
  const { default: manifest } = await import('../package.json', { with: { type: 'json' } })
  expect(Object.keys(manifest.exports)).toEqual(['.', './package.json'])
})
