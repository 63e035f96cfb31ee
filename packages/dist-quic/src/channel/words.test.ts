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
