/**
 * What two nodes say to each other on the control stream once they have authenticated: each word behind its length in
 * two bytes, its number in one. A word that is not known is passed over, so that later versions may say more.
 *
 *   idle   I have nothing to send, and nobody here relies on the channel: close it, or say that you are busy
 *   busy   the answer to `idle` of who wants the channel
 *   migrate      of the acceptor, which cannot move: move the connection to another local address of yours
 *   migrated     the answer: the new path is validated
 *   notMigrated  the answer: it could not be done
 *   leave0 …     that flow is not taken as it comes: let it leave the shared stream
 */
import { createInbox, cutMessage, frameMessage, type Inbox } from '../handshake/messages.ts'

/** On the wire. Append only: a number, once released, keeps its meaning. */
export const word = {
  idle: 16,
  busy: 17,
  migrate: 18,
  migrated: 19,
  notMigrated: 20,
  leave0: 21,
  leave1: 22,
  leave2: 23,
  leave3: 24,
} as const

export type Word = (typeof word)[keyof typeof word]

/** The word that asks a flow to leave the shared stream. */
export function leaveWord(flow: number): Word {
  return (word.leave0 + flow) as Word
}

/** The flow that is asked to leave; undefined for other words. */
export function flowThatLeaves(said: Word): number | undefined {
  return said >= word.leave0 && said <= word.leave3 ? said - word.leave0 : undefined
}

const known: ReadonlySet<number> = new Set(Object.values(word))

export function encodeWord(said: Word): Uint8Array {
  return frameMessage(Buffer.of(said))
}

/** Reads the words of one stream. */
export class WordReader {
  readonly #inbox: Inbox = createInbox()
  /** Words that came so far, known or not. */
  count = 0

  /** The words that the bytes bring to an end; or what is wrong with them. */
  push(bytes: Uint8Array): Word[] | string {
    const words: Word[] = []
    for (let rest = bytes; rest.length > 0; ) {
      const cut = cutMessage(this.#inbox, rest)
      if (cut.problem !== undefined) return cut.problem
      rest = rest.subarray(cut.used)
      if (cut.message !== undefined) this.count++
      const said = cut.message?.[0]
      if (said !== undefined && known.has(said)) words.push(said as Word)
    }
    return words
  }
}
