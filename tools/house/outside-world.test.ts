// The reader behind the rules on cores and seams: it must see every touch, and nothing that only looks like one.
import { expect, test } from 'vitest'
import { touchesOf } from './outside-world.ts'

const touches = (text: string) => touchesOf({ path: 'a.ts', text }).map(touch => touch.what)

test.each([
  ['const t = Date.now()', ['Date.now']],
  ['const t = new Date()', ['new Date()']],
  ['const t = Date()', ['Date()']],
  ['const r = Math.random()', ['Math.random']],
  ['setTimeout(run, 1)', ['setTimeout']],
  ['const later = setImmediate', ['setImmediate']],
  ['const timers = { setInterval }', ['setInterval']],
  ['globalThis.setTimeout(run, 1)', ['setTimeout']],
  ['performance.now()', ['performance.now']],
  ['process.hrtime()', ['process.hrtime']],
  ['run(process)', ['process']],
  ['await fetch(url)', ['fetch']],
  ["import { readFile } from 'node:fs/promises'", ['node:fs/promises.readFile']],
  ["import * as fs from 'fs'", ['node:fs.*']],
  ["const fs = await import('node:fs')", ['node:fs.*']],
  ["import 'node:dgram'", ['node:dgram']],
])('sees %s', (text, seen) => {
  expect(touches(text)).toEqual(seen)
})

test.each([
  ['const t = new Date(ms)'],
  ['clock.setTimeout(run)'],
  ['const process = table.get(pid); process.exit(reason)'],
  ['function stop(process: Process) { process.exit(reason) }'],
  ['for (const process of all) process.exit(reason)'],
  ['const { process } = self; process.exit(reason)'],
  ["import { process } from './process.ts'; process.exit(reason)"],
  ['interface Timers { setTimeout(run: () => void): void }'],
  ['let timer: ReturnType<typeof setTimeout>'],
  ["import type { Socket } from 'node:dgram'"],
  ['// Date.now() is not for here'],
])('does not see %s', text => {
  expect(touches(text)).toEqual([])
})
