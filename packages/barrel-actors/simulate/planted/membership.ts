/** Bugs in membership: name, file, what stands there, what stands there in its place. */

import type { Rows } from './bugs.ts'

export const hyparview: Rows = [
  [
    'a full active view takes one more',
    'links.ts',
    'while (!isKnown && active.size >= options.activeViewMax)',
    'while (!isKnown && active.size > options.activeViewMax)',
  ],
  [
    'who gives a link to a node that it has asked still waits for its answer',
    'links.ts',
    'state.pending.delete(peer.node)\n  const place',
    'const place',
  ],
  [
    'the backstop is there for newcomers only',
    'state.ts',
    'for (const [node, { deadlineMs }] of state.pending) {\n    if (deadlineMs > now) continue',
    "for (const [node, { deadlineMs, purpose }] of state.pending) {\n    if (deadlineMs > now || purpose !== 'join') continue",
  ],
  [
    'a neighbour stays in the passive view',
    'links.ts',
    'state.passive.remove(peer.node)\n  state.failed',
    'state.failed',
  ],
  [
    'a neighbour that was lost is probed on',
    'links.ts',
    'state.failed.remove(peer.node)\n  const isKnown',
    'const isKnown',
  ],
  [
    'a shuffle brings neighbours into the passive view',
    'walks.ts',
    'node !== self.node && !active.has(node) && !state.pending.has(node)',
    'node !== self.node && !state.pending.has(node)',
  ],
  [
    'a node takes itself into its passive view',
    'walks.ts',
    'node !== self.node && !active.has(node) && !state.pending.has(node)',
    '!active.has(node) && !state.pending.has(node)',
  ],
  [
    'one source fills more than its part of the passive view',
    'passive-view.ts',
    'own >= this.#perSourceMax',
    'own > this.#perSourceMax',
  ],
  [
    'an eviction is no end of a neighbour for those who listen',
    'links.ts',
    "effects.push({ kind: 'peerDown', node, reason })",
    "if (reason !== 'evicted') effects.push({ kind: 'peerDown', node, reason })",
  ],
  [
    'who has left takes newcomers in',
    'state.ts',
    "state.isOut && message.kind !== 'check' && message.kind",
    "state.isOut && message.kind !== 'check' && message.kind !== 'join' && message.kind",
  ],
  [
    'who comes back after it has left is not told that it has joined',
    'state.ts',
    'state.isOut = true\n  state.hasJoined = false',
    'state.isOut = true',
  ],
]

export const plumtree: Rows = [
  [
    'the cache holds one more than it may',
    'cache.ts',
    'cache.count > options.cacheCountMax',
    'cache.count > options.cacheCountMax + 1',
  ],
  ['bytes that are let go still count', 'cache.ts', 'cache.bytes -= sizeOf(entry)', 'void sizeOf'],
  [
    'what is old is let go at twice its age',
    'cache.ts',
    'if (entry.atMs + options.cacheAgeMs > now) break',
    'if (entry.atMs + 2 * options.cacheAgeMs > now) break',
  ],
  [
    'news of a later life count as seen',
    'origin.ts',
    'known === undefined || known.creation === creation) return known',
    'known === undefined || known.creation <= creation) return known',
  ],
  [
    'what comes twice prunes nobody',
    'state.ts',
    'if (isShaping(state, origin, sequence)) prune(state, neighbour, effects)',
    '',
  ],
  [
    'who is pruned pushes on',
    'state.ts',
    "case 'prune':\n      neighbour.isEager = false",
    "case 'prune':\n      neighbour.isEager &&= true",
  ],
  ['announcements outlast what was missing', 'pull.ts', 'removeAnnouncements(origin.pull, () => true)\n', ''],
  [
    'a gap is given up without a word',
    'window.ts',
    'if (!isMiddle(origin)) miss(state, origin, origin.delivered + 1, to, effects)',
    '',
  ],
  [
    'more is held behind a gap than may be',
    'window.ts',
    'if (held < state.options.heldPerOriginMax) return true',
    'if (held <= state.options.heldPerOriginMax) return true',
  ],
  [
    'of what is held behind a gap only the first is delivered when it closes',
    'window.ts',
    'while (origin.cached !== undefined && hasHeld(origin)) {',
    'if (origin.cached !== undefined && hasHeld(origin)) for (let once = 0; once < 1; once++) {',
  ],
  [
    'what was not missing any more is still asked for',
    'pull.ts',
    'if (pull.upTo <= origin.delivered) return endPull',
    'if (pull.upTo < origin.delivered) return endPull',
  ],
  [
    'a gap is passed over silently',
    'window.ts',
    'const isNext = sequence === origin.delivered + 1',
    'const isNext = sequence >= origin.delivered + 1',
  ],
  [
    'who was asked is remembered beyond the cache',
    'cache.ts',
    'for (const neighbour of state.neighbours.values()) neighbour.answered?.delete(entry)',
    '',
  ],
  [
    'what is held counts as not seen',
    'window.ts',
    'return origin.cached[indexOf(origin.cached, sequence)]?.sequence === sequence',
    'return false',
  ],
]

export const detector: Rows = [
  [
    'a refutation does not outbid what it refutes',
    'judge.ts',
    'state.incarnation = said.incarnation + 1',
    'state.incarnation = said.incarnation',
  ],
  [
    'who refutes stays under suspicion',
    'judge.ts',
    "if (!put(current, from, said, 'alive', 0)) return false\n  state.suspicions.delete(node)",
    "if (!put(current, from, said, 'alive', 0)) return false",
  ],
  [
    'a later life is not noticed first hand',
    'judge.ts',
    'known === undefined || known.creation < peer.creation || isLie',
    'known === undefined || isLie',
  ],
  [
    'a later life is told as the return of the earlier one',
    'judge.ts',
    'isBack: known !== undefined && !isOther',
    'isBack: known !== undefined',
  ],
  [
    'whom a node misses it keeps to itself',
    'judge.ts',
    'if (!isToTell || !(isNew || isOwn)) return',
    'if (!isToTell || !isNew || isOwn) return',
  ],
]

export const extension: Rows = [
  [
    'when its process starts again, links that the others have given up are kept',
    'member.ts',
    'for (const node of [...active.keys(), ...pending.keys()]) this.lost(node)',
    'void [active, pending]',
  ],
  [
    'whoever is no neighbour any more is watched on',
    'server.ts',
    'if (isWanted(node)) continue',
    'if (isWanted(node) || node !== "") continue',
  ],
  [
    'who has unsubscribed is watched on',
    'subscribers.ts',
    'if (tag === undefined) entry.toldOfPeers = false\n    this.#dropEmpty(entry)',
    'if (tag === undefined) entry.toldOfPeers = false',
  ],
  [
    'subscribers that have ended are kept',
    'server.ts',
    "else if ('pid' in watched) this.#member.subscribers.forget(watched.pid)",
    "else if ('pid' in watched) return",
  ],
  [
    'broadcasts come to those of other tags',
    'subscribers.ts',
    'for (const { pid } of this.#byTag.get(tag) ?? []) this.#send(pid, message())',
    'for (const { pid, tags } of this.#entries.values()) if (tags.size > 0) this.#send(pid, message())',
  ],
  ['links that time brings about are not watched', 'member.ts', 'run()\n            this.#stepped()', 'run()'],
]
