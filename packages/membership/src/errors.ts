/** What can go wrong in membership, each with what to do about it. Listed in `docs/errors.md`. */
import { type BarrelError, type CodeTable, type ErrorFields, errorsOf } from '@barrel-actors/runtime'

/** The codes of membership. */
export const codes = {
  E_BROADCAST_INVALID: {
    what: 'A broadcast cannot be sent or subscribed to: {problem}.',
    todo: 'Use a text of 1 to {tagCharactersMax} characters as the tag, and put at most {payloadBytesMax} bytes into one broadcast; what is larger goes over a user stream.',
  },
  E_DISCOVERY_INVALID: {
    what: 'The discovery backend {backend} cannot be used: {problem}.',
    todo: 'Correct its options; docs/discovery.md lists them.',
  },
  E_JOIN_SELF: {
    what: 'The node {node} cannot join itself.',
    todo: 'Give join the address of another node.',
  },
  E_MEMBERSHIP_OPTION_INVALID: {
    what: 'The option {option} of membership cannot be used: {problem}.',
    todo: 'Give it a value of the kind and in the range that docs/reference/options.md states.',
  },
  E_SUBSCRIBER_INVALID: {
    what: '{subscriber} cannot subscribe to membership: {problem}.',
    todo: 'Subscribe live processes of this node, each with its own pid, and unsubscribe those that need no more.',
  },
} as const satisfies CodeTable

export type MembershipCode = keyof typeof codes

export const membershipError: (code: MembershipCode, fields?: ErrorFields, cause?: unknown) => BarrelError =
  errorsOf(codes)
