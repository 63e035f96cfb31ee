/**
 * What no bytes from outside may break. Each property is run some thousand times by the tests, and as often as it is
 * told by `npm run fuzz`, which says so by the variables named here.
 *
 *   BARREL_FUZZ         the file to which each decoder adds a line of JSON
 *   BARREL_FUZZ_ONLY    the one decoder that is run
 *   BARREL_FUZZ_INPUTS, BARREL_FUZZ_SEED, BARREL_FUZZ_PATH
 */
import { appendFileSync } from 'node:fs'
import fc from 'fast-check'

/** What became of an input. Whatever a decoder throws beside its own coded error fails the property. */
export type Outcome = 'accepted' | 'refused'

const inputsOfTests = 2_000
const { BARREL_FUZZ: report, BARREL_FUZZ_ONLY: only } = process.env

/** Holds that a decoder accepts or refuses whatever it is given; `decode` asserts what must hold of what it accepts. */
export async function fuzz<Input>(
  decoder: string,
  inputs: fc.Arbitrary<Input>,
  decode: (input: Input) => Outcome | Promise<Outcome>,
): Promise<void> {
  if (only !== undefined && only !== decoder) return
  const counts = { accepted: 0, refused: 0 }
  const residentBefore = process.memoryUsage.rss()
  let most = residentBefore
  const note = (outcome: Outcome): void | Promise<void> => {
    counts[outcome]++
    if ((counts.accepted + counts.refused) % 1_000 !== 0) return
    most = Math.max(most, process.memoryUsage.rss())
    // Whoever runs the test wants to hear of it meanwhile.
    return new Promise(resolve => setImmediate(resolve))
  }
  const startedMs = performance.now()
  const details = await fc.check(propertyOf(inputs, decode, note), parameters())
  if (report !== undefined) {
    const line = {
      decoder,
      inputs: details.numRuns,
      ...counts,
      seconds: (performance.now() - startedMs) / 1_000,
      seed: details.seed,
      heldBytes: most - residentBefore,
      path: details.counterexamplePath ?? undefined,
    }
    appendFileSync(report, `${JSON.stringify(line)}\n`)
  }
  if (details.failed) throw new Error(await fc.asyncDefaultReportMessage(details), { cause: details.errorInstance })
}

// What is decoded at once makes no promise of its own: a million would take longer than most decoders do.
function propertyOf<Input>(
  inputs: fc.Arbitrary<Input>,
  decode: (input: Input) => Outcome | Promise<Outcome>,
  note: (outcome: Outcome) => void | Promise<void>,
): fc.IAsyncProperty<[Input]> {
  return fc.asyncProperty(inputs, input => {
    const outcome = decode(input)
    if (outcome instanceof Promise) return outcome.then(note)
    return note(outcome) ?? settled
  })
}

const settled = Promise.resolve()

function parameters(): Pick<fc.Parameters, 'numRuns' | 'seed' | 'path'> {
  const { BARREL_FUZZ_INPUTS: inputs, BARREL_FUZZ_SEED: seed, BARREL_FUZZ_PATH: path } = process.env
  return {
    numRuns: inputs === undefined ? inputsOfTests : Number(inputs),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  }
}

/** One thing that happens to bytes on their way: its kind, where, and with what. */
export type Change = readonly [kind: number, at: number, value: number]

export const changes: fc.Arbitrary<Change[]> = fc.array(fc.tuple(fc.nat(7), fc.nat(), fc.nat()), {
  minLength: 1,
  maxLength: 6,
})

/** Any of the recordings, changed. */
export function changed(recordings: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.nat(recordings.length - 1), changes)
    .map(([index, list]) => applyChanges(recordings[index] as Uint8Array, list, recordings))
}

/** Sizes of the pieces in which a stream arrives. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 8 })

/** The stream in pieces of those sizes, again and again. */
export function cut(stream: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0, index = 0; at < stream.length; index++) {
    const end = at + (sizes[index % sizes.length] as number)
    pieces.push(stream.subarray(at, end))
    at = end
  }
  return pieces
}

/** `others` are what pieces of other recordings are taken from. */
export function applyChanges(
  recorded: Uint8Array,
  list: readonly Change[],
  others: readonly Uint8Array[] = [recorded],
): Buffer {
  let bytes: Buffer = Buffer.from(recorded)
  for (const [kind, at, value] of list) bytes = changeOnce(bytes, kind, at % (bytes.length + 1), value, others)
  return bytes
}

/** Where numbers change their meaning. */
const edges = [0, 1, 0x7f, 0x80, 0xc1, 0xfe, 0xff]

function changeOnce(bytes: Buffer, kind: number, at: number, value: number, others: readonly Uint8Array[]): Buffer {
  const length = 1 + (value % 16)
  const spliced = (removed: number, added: Uint8Array) =>
    Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)])
  switch (kind) {
    case 0: {
      const flipped = Buffer.from(bytes)
      if (at < flipped.length) flipped[at] = (flipped[at] as number) ^ (1 << (value & 7))
      return flipped
    }
    case 1:
      return spliced(1, Buffer.of(value & 0xff))
    case 2:
      return spliced(1, Buffer.of(edges[value % edges.length] as number))
    case 3:
      return bytes.subarray(0, at)
    case 4:
      return spliced(length, Buffer.alloc(0))
    case 5:
      return spliced(0, Buffer.alloc(length, value >>> 8))
    case 6:
      return spliced(0, bytes.subarray(at, at + length))
    default: {
      const other = others[value % others.length] as Uint8Array
      const from = (value >>> 4) % (other.length + 1)
      return spliced(length, other.subarray(from, from + length))
    }
  }
}
