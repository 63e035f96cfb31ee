import { expect, test } from 'vitest'
import { type Member, MemberTable } from './table.ts'

const member = (node: string, more: Partial<Member> = {}): Member => ({
  node,
  creation: 1,
  incarnation: 0,
  state: 'alive',
  goneAtMs: 0,
  endpoints: [],
  introducer: 'a@host',
  ...more,
})

test('tables that say the same have the same hashes, whatever the way there and whoever told it', () => {
  const [one, other] = [new MemberTable(), new MemberTable()]
  for (const node of ['b@host', 'c@host']) one.set(member(node, { incarnation: 1 }))
  for (const node of ['c@host', 'd@host', 'b@host']) other.set(member(node, { introducer: 'z@host' }))
  expect(other.digest()).not.toEqual(one.digest())
  for (const node of ['b@host', 'c@host']) other.set(member(node, { incarnation: 1 }))
  other.remove('d@host')
  expect(other.digest()).toEqual(one.digest())
  other.set(member('b@host', { incarnation: 1, state: 'suspected' }))
  expect(other.digest()).not.toEqual(one.digest())
})

test('a full table forgets those gone longest, and has no room where none is gone', () => {
  const table = new MemberTable()
  table.set(member('b@host', { state: 'gone', goneAtMs: 1 }))
  table.set(member('c@host', { state: 'gone', goneAtMs: 2 }))
  table.set(member('d@host'))
  expect(table.makeRoom(3)).toBe(true)
  expect([...table.values()].map(({ node }) => node)).toEqual(['c@host', 'd@host'])
  expect([table.makeRoom(1), table.size]).toEqual([false, 1])
  expect(table.introducedBy('a@host')).toBe(1)
})
