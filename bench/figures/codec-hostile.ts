/**
 * The worst that a message of a peer can cost for its bytes: each kind of value that is dear to make, as often as fits
 * into a frame, and the same as often as the bounds let through. Microseconds for each KiB of the dearest.
 */
import type { Host } from '@barrel-actors/runtime'
import type { Arm, Figure } from '../harness/figure.ts'
import { collectGarbage } from '../harness/pace.ts'
import { benchHost } from './codec.ts'

const KiB = 1024
const frameBytes = 60 * KiB
/** To the name `x`, from the process with the serial 1. */
const head = [0x11, 1, 0x81, 0x78]

/** Values as docs/wire/signals.md has them. */
const bodies: Readonly<Record<string, readonly number[]>> = {
  'empty maps': [0xe5, 0],
  'empty sets': [0xe4, 0],
  'maps of one': [0xe5, 1, 1, 1],
  'empty objects': [0xe2, 0],
  'objects of one key': [0xe2, 1, 0x81, 97, 1],
  'empty arrays': [0xb0],
  'nested arrays': [...Array<number>(60).fill(0xb1), 1],
  'empty buffers': [0xea, 0],
  'empty typed arrays': [0xeb, 7, 0],
  'bytes of one': [0xe9, 1, 1],
  'bigints of one byte': [0xaf, 1, 1],
  'bigints of 64 bytes': [0xaf, 64, ...Array<number>(64).fill(7)],
  errors: [0xe8, 0x80, 0x80, 0xa9, 0xa9],
  dates: [0xe6, 0, 0, 0, 0, 0, 0, 0, 0],
  'pids of the sender': [0xec, 1],
  'other pids': [0xee, 0x83, 97, 64, 98, 1, 1],
  'texts of three': [0x83, 97, 98, 99],
  'texts in UTF-16': [0xa6, 3, 97, 1, 98, 1, 99, 1],
  'texts in UTF-8': [0xa7, 4, 0xc3, 0xa9, 0xc3, 0xa9],
}

function message(body: readonly number[], count: number): Uint8Array {
  const length = [0x80 | (count & 0x7f), 0x80 | ((count >> 7) & 0x7f), count >> 14]
  const bytes = Buffer.alloc(head.length + 4 + count * body.length, Buffer.from(body))
  bytes.set([...head, 0xe3, ...length])
  for (let at = head.length + 4, place = 0; at < bytes.length; at++, place++)
    bytes[at] = body[place % body.length] as number
  return bytes
}

/** The best of some, in microseconds for each KiB: the machine may be busy. */
function costOf(host: Host, bytes: Uint8Array): number {
  let bestMs = Number.POSITIVE_INFINITY
  for (let times = 0; times < 20; times++) {
    const decoder = host.createDecoder({ name: 'b@bench', creation: 1 })
    const startMs = performance.now()
    decoder.decode(bytes)
    bestMs = Math.min(bestMs, performance.now() - startMs)
  }
  return (bestMs * 1_000) / (bytes.length / KiB)
}

const ours: Arm = async () => {
  const { host } = await benchHost()
  let worst = 0
  for (const body of Object.values(bodies)) {
    const most = Math.floor(frameBytes / body.length)
    for (const share of [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16]) {
      worst = Math.max(worst, costOf(host, message(body, Math.ceil(most * share))))
    }
    collectGarbage()
  }
  return worst
}

/** The cost of an honest message. */
const honest: Arm = async () => {
  const { host } = await benchHost()
  return costOf(host, message([0x88, ...Buffer.from('honestly')], Math.floor(frameBytes / 9)))
}

export const codecHostile: Figure = {
  name: 'codec.hostile_us',
  unit: 'us/KiB',
  better: 'lower',
  peer: 'honest',
  ours,
  peers: { honest },
}
