import { changed, cut, cuts, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frameMessage } from '../handshake/messages.ts'
import { limits } from '../limits.ts'
import { encodeWord, WordReader, word } from './words.ts'

test('words come out in order, however they are cut', () => {
  const bytes = Buffer.concat([encodeWord(word.idle), encodeWord(word.busy), encodeWord(word.idle)])
  for (let cut = 0; cut <= bytes.length; cut++) {
    const reader = new WordReader()
    const words = [reader.push(bytes.subarray(0, cut)), reader.push(bytes.subarray(cut))].flat()
    expect(words).toEqual([word.idle, word.busy, word.idle])
  }
})

test('a word that is not known is passed over, with whatever it brings', () => {
  const bytes = Buffer.concat([frameMessage(Buffer.from([200, 1, 2, 3])), encodeWord(word.busy)])
  expect(new WordReader().push(bytes)).toEqual([word.busy])
})

test('an empty word and one over the limit are refused', () => {
  expect(new WordReader().push(Buffer.from([0, 0]))).toMatch(/empty/)
  const head = Buffer.alloc(2)
  head.writeUInt16BE(limits.handshakeMessageBytesMax + 1)
  expect(new WordReader().push(head)).toMatch(/a message of/)
})

test('whatever comes as words is refused or read as known ones, the same however it is cut', () => {
  const recorded = Buffer.concat([...Object.values(word).map(encodeWord), frameMessage(Buffer.from([200, 1, 2, 3]))])
  const read = (pieces: readonly Uint8Array[]) => {
    const reader = new WordReader()
    const words: number[] = []
    for (const piece of pieces) {
      const said = reader.push(piece)
      if (typeof said === 'string') return said
      words.push(...said)
    }
    return words
  }
  const streams = fc.oneof(changed([recorded]), fc.uint8Array({ maxLength: 40 }))
  return fuzz('words', fc.tuple(streams, cuts), ([stream, sizes]) => {
    const [whole, pieces] = [read([stream]), read(cut(stream, sizes))]
    expect(pieces).toEqual(whole)
    if (typeof whole === 'string') return 'refused'
    const known: readonly number[] = Object.values(word)
    expect(whole.every(said => known.includes(said))).toBe(true)
    return 'accepted'
  })
})
