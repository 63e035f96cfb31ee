import { expect, test } from 'vitest'

const isClass = (name: string) => /^[A-Z]/.test(name)

test('the package offers these values and no others', async () => {
  const names = Object.keys(await import('./index.ts')).filter(name => !isClass(name))
  expect(names.sort()).toMatchInlineSnapshot(`
    [
      "alias",
      "call",
      "cancelTimer",
      "cast",
      "checkNodeName",
      "checkNodeOptionNames",
      "checkOptionNames",
      "codes",
      "defaultNode",
      "demonitor",
      "describeReason",
      "drained",
      "errorsOf",
      "exit",
      "extensionKey",
      "givenOptions",
      "hasCode",
      "holdDataFolder",
      "hostOf",
      "limits",
      "link",
      "makeRef",
      "measureMessage",
      "messageBoundsDefaults",
      "monitor",
      "multiCall",
      "next",
      "noReply",
      "nodeNameProblem",
      "nodes",
      "parseAddress",
      "parseEndpoint",
      "processFlag",
      "processInfo",
      "processes",
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
      "startMonitor",
      "startNode",
      "startTimer",
      "stop",
      "subscribeNodes",
      "systemClock",
      "systemDisk",
      "systemEntropy",
      "systemRandom",
      "unalias",
      "unknownOption",
      "unlink",
      "unregister",
      "unsubscribeNodes",
      "whereis",
    ]
  `)
})

test('the package offers these classes and no others', async () => {
  const names = Object.keys(await import('./index.ts')).filter(isClass)
  expect(names.sort()).toMatchInlineSnapshot(`
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
    ]
  `)
})

test('the package opens only its entry', async () => {
  const { default: manifest } = await import('../package.json', { with: { type: 'json' } })
  expect(Object.keys(manifest.exports)).toEqual(['.', './package.json'])
})
