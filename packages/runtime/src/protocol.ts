/**
 * What a server understands, as a type: `call` is a union of functions from request to reply, `cast` a union of
 * requests without an answer, `info` every other message.
 *
 * ```ts
 * interface CounterProtocol {
 *   call: ((request: { add: number }) => number) | ((request: 'read') => number)
 *   cast: 'reset'
 * }
 * ```
 */
export interface Protocol {
  readonly call?: (request: never) => unknown
  readonly cast?: unknown
  readonly info?: unknown
}

/** A server about which nothing is known: it may be called with anything, and what it replies is unknown. */
export interface AnyProtocol {
  readonly call: (request: unknown) => unknown
  readonly cast: unknown
  readonly info: unknown
}

type CallOf<P extends Protocol> = P extends { readonly call: infer F } ? F : never

/** Every request that may be called. */
export type RequestOf<P extends Protocol> =
  CallOf<P> extends infer F ? (F extends (request: infer Request) => unknown ? Request : never) : never

/** What a request is answered with. */
export type ReplyOf<P extends Protocol, Request> =
  CallOf<P> extends infer F
    ? F extends (request: infer R) => infer Reply
      ? Request extends R
        ? Reply
        : never
      : never
    : never

/** Every reply that some request is answered with. */
export type AnyReplyOf<P extends Protocol> =
  CallOf<P> extends infer F ? (F extends (request: never) => infer Reply ? Reply : never) : never

export type CastOf<P extends Protocol> = P extends { readonly cast: infer Cast } ? Cast : never

export type InfoOf<P extends Protocol> = P extends { readonly info: infer Info } ? Info : never
