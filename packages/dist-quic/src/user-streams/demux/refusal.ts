/** Why a stream is given up, as a code on the wire. */

/** On the wire. Append only: a number, once released, keeps its meaning. Below 0x100 are the codes of users. */
export const refusalCode = {
  unknownTag: 0x100,
  malformed: 0x101,
  cutShort: 0x102,
  tooLate: 0x103,
  tooManyParked: 0x104,
  tooManyStreams: 0x105,
  acceptorBusy: 0x106,
  ownerEnded: 0x107,
} as const

export type Refusal = keyof typeof refusalCode

/** What each says to people. */
export const refusalText: Readonly<Record<Refusal, string>> = {
  unknownTag: 'nobody accepts streams with this tag',
  malformed: 'the tag was not 1 to 255 bytes of UTF-8',
  cutShort: 'the stream ended before its tag',
  tooLate: 'the tag took too long to come',
  tooManyParked: 'too many streams wait for their tag',
  tooManyStreams: 'too many streams are open',
  acceptorBusy: 'the process that accepts this tag has too many messages waiting',
  ownerEnded: 'the process that owned the stream has ended',
}

const byCode = new Map<number, Refusal>(
  Object.entries(refusalCode).map(([refusal, code]) => [code, refusal as Refusal]),
)

/** Undefined for a code of a user, or of a later version. */
export function refusalOf(code: number | undefined): Refusal | undefined {
  return code === undefined ? undefined : byCode.get(code)
}
