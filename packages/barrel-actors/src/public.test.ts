import { expect, test } from 'vitest'
import * as barrelActors from './index.ts'

test('these are the names that applications import', () => {
  expect(Object.keys(barrelActors).sort()).toMatchInlineSnapshot(`
    [
      "BarrelError",
      "GenServer",
      "Pid",
      "Quic",
      "Ref",
      "call",
      "cast",
      "defaultNode",
      "demonitor",
      "describeReason",
      "exit",
      "extensionKey",
      "hasCode",
      "link",
      "monitor",
      "next",
      "noReply",
      "nodes",
      "register",
      "reply",
      "send",
      "silentLog",
      "spawn",
      "spawnLink",
      "spawnMonitor",
      "start",
      "startLink",
      "startNode",
      "stop",
      "unlink",
      "unregister",
      "whereis",
    ]
  `)
})
