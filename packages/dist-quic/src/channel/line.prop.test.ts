// Two nodes that dial each other, with every order in which what they say may arrive.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLine, isSuperseded, type LineEffect, type LineState, type SessionId, step } from './line.ts'

type Side = 'a' | 'b'

const nameOf = { a: 'a@host', b: 'b@host' } as const
const other = (side: Side): Side => (side === 'a' ? 'b' : 'a')
const cause = new Error('it ended')
const pinned = { fingerprint: 'its key', ownsName: true } as const

/** One connection: the words of the handshake that are still under way, each way in order. */
interface Session {
  readonly id: SessionId
  readonly dialer: Side
  readonly toDialer: string[]
  readonly toAcceptor: string[]
  isOver: boolean
}

/** The driver of both lines, with the network between them. */
class World {
  readonly lines: Partial<Record<Side, LineState>> = {}
  readonly sessions: Session[] = []
  /** The session that each side has told the layer above to be up. */
  readonly up: Partial<Record<Side, SessionId>> = {}
  /** How often a channel was up, or closed, at each side. */
  readonly events: Record<Side, string[]> = { a: [], b: [] }

  open(side: Side): void {
    if (this.lines[side] !== undefined) return
    this.lines[side] = createLine(nameOf[side], nameOf[other(side)], true)
    this.sessions.push({
      id: this.sessions.length,
      dialer: side,
      toDialer: [],
      toAcceptor: ['hello'],
      isOver: false,
    })
    // TLS is done in a round trip: the answer is the first that comes back.
    this.sessions.at(-1)?.toDialer.push('answer')
  }

  /** Delivers the next word of one session one way; whether there was one. */
  deliver(session: Session, toDialer: boolean): boolean {
    const said = (toDialer ? session.toDialer : session.toAcceptor).shift()
    if (said === undefined || session.isOver) return false
    const side = toDialer ? session.dialer : other(session.dialer)
    if (toDialer) this.#atDialer(side, session, said)
    else this.#atAcceptor(side, session, said)
    return true
  }

  #atDialer(side: Side, session: Session, said: string): void {
    if (said === 'answer') return this.#input(side, { kind: 'answered' })
    if (said === 'hello') return void session.toAcceptor.push('proof')
    if (said === 'superseded') {
      session.isOver = true
      return this.#input(side, { kind: 'unanswered' })
    }
    this.#authenticated(side, session, true)
  }

  #atAcceptor(side: Side, session: Session, said: string): void {
    const line = this.lines[side]
    if (line !== undefined && isSuperseded(line)) return void session.toDialer.push('superseded')
    if (said === 'hello') return void session.toDialer.push('hello')
    session.toDialer.push('ok')
    this.#authenticated(side, session, false)
  }

  #authenticated(side: Side, session: Session, isOurs: boolean): void {
    this.lines[side] ??= createLine(nameOf[side], nameOf[other(side)], false)
    const life = { name: nameOf[other(side)], creation: 1 }
    this.#input(side, { kind: 'authenticated', session: session.id, isOurs, life, isProbe: false, ...pinned })
  }

  #input(side: Side, input: Parameters<typeof step>[1]): void {
    const line = this.lines[side]
    if (line === undefined) return
    for (const effect of step(line, input)) this.#perform(side, effect)
  }

  #perform(side: Side, effect: LineEffect): void {
    if (effect.kind === 'refuse') this.#end(effect.session)
    if (effect.kind === 'adopt') this.#input(side, { kind: 'kept', session: effect.session })
    if (effect.kind === 'abandonDial') {
      const own = this.sessions.find(session => session.dialer === side)
      if (own !== undefined) this.#end(own.id)
    }
    if (effect.kind === 'up') {
      this.up[side] = this.lines[side]?.session as SessionId
      this.events[side].push('up')
    }
    if (effect.kind === 'replace' || effect.kind === 'close') this.events[side].push('down')
    if (effect.kind === 'close') delete this.lines[side]
  }

  #end(id: SessionId): void {
    const session = this.sessions[id] as Session
    if (session.isOver) return
    session.isOver = true
    for (const side of ['a', 'b'] as const) this.#input(side, { kind: 'ended', session: id, cause })
  }
}

const turn = fc.oneof(
  { weight: 1, arbitrary: fc.record({ open: fc.constantFrom<Side>('a', 'b') }) },
  { weight: 6, arbitrary: fc.record({ session: fc.nat(1), toDialer: fc.boolean() }) },
)

test('however the words of two dials cross, both ends come up once, on the same session', () => {
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 30 }), turns => {
      const world = new World()
      world.open('a')
      for (const each of turns) {
        if ('open' in each) world.open(each.open)
        else {
          const session = world.sessions[each.session]
          if (session !== undefined) world.deliver(session, each.toDialer)
        }
      }
      for (let moved = true; moved; ) {
        moved = false
        for (const session of world.sessions) {
          for (const toDialer of [true, false]) moved = world.deliver(session, toDialer) || moved
        }
      }
      expect(world.events).toEqual({ a: ['up'], b: ['up'] })
      expect(world.up.a).toBe(world.up.b)
    }),
    { numRuns: 3_000 },
  )
})

describe('one line', () => {
  const life = { name: 'b@host', creation: 5 }
  const settled = (changes: Partial<LineState> = {}): LineState => ({
    ...createLine('a@host', 'b@host', true),
    phase: 'settled',
    dial: 'none',
    session: 1,
    life,
    ...changes,
  })

  test('a later life of the node replaces what is left of the channel; an earlier one is refused', () => {
    for (const phase of ['settled', 'up'] as const) {
      const later = {
        kind: 'authenticated',
        session: 2,
        isOurs: false,
        life: { ...life, creation: 6 },
        isProbe: false,
        ...pinned,
      } as const
      const state = settled({ phase })
      expect(step(state, later)).toEqual([
        { kind: 'replace', reason: 'the node has connected anew' },
        { kind: 'adopt', session: 2 },
      ])
      expect(state).toMatchObject({ phase: 'settled', session: 2, life: { creation: 6 } })
      const earlier = { ...later, life: { ...life, creation: 4 } }
      expect(step(settled({ phase }), earlier)).toMatchObject([{ kind: 'refuse', session: 2 }])
    }
  })

  test('of two dials that of the greater name wins, once it has been answered', () => {
    const greater = createLine('b@host', 'a@host', true)
    const lesser = createLine('a@host', 'b@host', true)
    const seen: unknown[] = []
    for (const kind of ['unanswered', 'answered', 'unanswered'] as const) {
      step(greater, { kind })
      step(lesser, { kind })
      seen.push([isSuperseded(greater), isSuperseded(lesser)])
    }
    expect(seen).toEqual([
      [false, false],
      [true, false],
      [false, false],
    ])
  })

  test('an answer that comes for a dial that is over makes nobody give way', () => {
    const accepted = createLine('b@host', 'a@host', false)
    step(accepted, { kind: 'answered' })
    const dialed = createLine('b@host', 'a@host', true)
    step(dialed, { kind: 'authenticated', session: 1, isOurs: true, life, isProbe: false, ...pinned })
    step(dialed, { kind: 'answered' })
    expect([isSuperseded(accepted), isSuperseded(dialed)]).toEqual([false, false])
  })

  test('a name that nobody owns belongs to the key of its channel, until that is gone', () => {
    const unpinned = { life, isProbe: false, isOurs: false, ownsName: false }
    const tool = createLine('a@host', 'b@host', false)
    step(tool, { kind: 'authenticated', session: 1, ...unpinned, fingerprint: 'one' })
    const stranger = { kind: 'authenticated', session: 2, ...unpinned, fingerprint: 'two' } as const
    for (const phase of ['settled', 'up'] as const) {
      tool.phase = phase
      const reason = 'another key has a channel by this name'
      expect(step(tool, stranger)).toEqual([{ kind: 'refuse', session: 2, reason }])
      expect(tool).toMatchObject({ phase, session: 1, fingerprint: 'one' })
    }
    expect(step(tool, { ...stranger, fingerprint: 'one' })).toMatchObject([{ kind: 'replace' }, { kind: 'adopt' }])
    expect(step(tool, { ...stranger, ownsName: true })).toMatchObject([{ kind: 'replace' }, { kind: 'adopt' }])
  })

  test('a probe takes the place of nobody but a probe, and of no dial of ours', () => {
    const probe = {
      kind: 'authenticated',
      session: 2,
      isOurs: false,
      life,
      isProbe: true,
      fingerprint: undefined,
      ownsName: false,
    } as const
    expect(step(settled({ phase: 'up' }), probe)).toMatchObject([{ kind: 'refuse' }])
    expect(step(createLine('a@host', 'b@host', true), probe)).toMatchObject([{ kind: 'refuse' }])
    expect(step(createLine('a@host', 'b@host', false), probe)).toEqual([{ kind: 'adopt', session: 2 }])
    const known = createLine('a@host', 'b@host', false)
    step(known, { ...probe, session: 1 })
    expect(step(known, probe)).toMatchObject([{ kind: 'replace' }, { kind: 'adopt' }])
    step(known, { ...probe, session: 3, isProbe: false, ...pinned })
    expect(step(known, { ...probe, session: 4 })).toMatchObject([{ kind: 'refuse' }])
  })

  test('a key that is kept too late, or of another session, brings nothing up', () => {
    expect(step(settled(), { kind: 'kept', session: 2 })).toEqual([])
    expect(step(settled({ phase: 'up' }), { kind: 'kept', session: 1 })).toEqual([])
    expect(step(settled({ phase: 'closed' }), { kind: 'kept', session: 1 })).toEqual([])
  })

  test('the end of a session ends the channel that it carries, and no other', () => {
    expect(step(settled({ phase: 'up' }), { kind: 'ended', session: 2, cause })).toEqual([])
    expect(step(settled({ phase: 'up' }), { kind: 'ended', session: 1, cause })).toEqual([{ kind: 'close', cause }])
  })

  test('a dial that fails ends a line that waits for it, and no other', () => {
    const dialing = createLine('a@host', 'b@host', true)
    expect(step(dialing, { kind: 'dialFailed', cause })).toEqual([{ kind: 'close', cause }])
    expect(step(settled({ phase: 'up' }), { kind: 'dialFailed', cause })).toEqual([])
  })

  test('a channel that this side closes leaves no dial behind', () => {
    const dialing = createLine('a@host', 'b@host', true)
    expect(step(dialing, { kind: 'closed' })).toMatchObject([{ kind: 'abandonDial' }])
    const up = settled({ phase: 'up' })
    expect([step(up, { kind: 'closed' }), step(up, { kind: 'ended', session: 1, cause })]).toEqual([[], []])
  })

  test('a closed line refuses whoever comes late', () => {
    const late = { kind: 'authenticated', session: 3, isOurs: true, life, isProbe: false, ...pinned } as const
    expect(step(settled({ phase: 'closed' }), late)).toMatchObject([{ kind: 'refuse', session: 3 }])
  })
})
