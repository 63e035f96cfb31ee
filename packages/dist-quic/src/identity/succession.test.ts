import { expect, test } from 'vitest'
import { keysFrom } from '../../test/two-ends.ts'
import { unfitKeys } from '../../test/weak-keys.ts'
import { limits } from '../limits.ts'
import type { KeyPair } from './keys.ts'
import { placeOf, type Statement, type Succession, shapeProblem, signatureProblem, succeed } from './succession.ts'

const node = 'a@host'
const keys = await Promise.all(Array.from({ length: 12 }, (_, index) => keysFrom(`key ${index}`)))
const key = (index: number) => keys[index] as KeyPair

/** The chain over the first keys, which ends at the last of them. */
function chainOf(count: number): { chain: Succession; current: Uint8Array } {
  let chain: Succession = []
  for (let index = 0; index + 1 < count; index++) chain = succeed(node, chain, key(index), key(index + 1).publicKey)
  return { chain, current: key(count - 1).publicKey }
}

test('each key signs the next one, and serial numbers go on', () => {
  const { chain, current } = chainOf(4)
  expect(chain.map(statement => statement.serial)).toEqual([1, 2, 3])
  expect(shapeProblem(chain, current) ?? signatureProblem(node, chain, current)).toBeUndefined()
  expect([0, 1, 2, 3].map(index => placeOf(chain, key(index).publicKey))).toEqual([0, 1, 2, -1])
})

test('a chain keeps its newest statements, and still holds', () => {
  const { chain, current } = chainOf(12)
  expect(chain).toHaveLength(limits.successionsMax)
  expect(chain.map(statement => statement.serial)).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
  expect(shapeProblem(chain, current) ?? signatureProblem(node, chain, current)).toBeUndefined()
})

test('a statement is for one node, one pair of keys and one serial number', () => {
  const { chain, current } = chainOf(3)
  const [first, second] = chain as [Statement, Statement]
  const broken: [string, Succession, Uint8Array][] = [
    ['b@host', chain, current],
    [node, chain, key(5).publicKey],
    [node, [first, { ...second, oldKey: key(5).publicKey }], current],
    [node, [first, { ...second, signature: first.signature }], current],
    [
      node,
      [
        { ...first, serial: 2 },
        { ...second, serial: 3 },
      ],
      current,
    ],
    [node, [second, first], current],
    [node, [{ ...first, signature: key(7).sign(Buffer.from('something')) }, second], current],
  ]
  for (const [name, given, to] of broken) expect(signatureProblem(name, given, to)).toContain('was not signed')
})

test('only the part behind the pinned key needs to hold', () => {
  const { chain, current } = chainOf(4)
  const spoiled = [{ ...(chain[0] as Statement), signature: new Uint8Array(64) }, ...chain.slice(1)]
  expect(signatureProblem(node, spoiled, current)).toBeDefined()
  expect(signatureProblem(node, spoiled, current, 1)).toBeUndefined()
})

test('keys that are not usable are refused anywhere in a chain', () => {
  const { chain, current } = chainOf(3)
  for (const oldKey of unfitKeys) {
    const [first, second] = chain as [Statement, Statement]
    expect(shapeProblem([{ ...first, oldKey }, second], current)).toContain('not usable')
    expect(shapeProblem([first, { ...second, oldKey }], current)).toContain('not usable')
  }
})

test('a chain with a gap, a loop, no beginning or too many statements is refused', () => {
  const { chain, current } = chainOf(3)
  const [first, second] = chain as [Statement, Statement]
  expect(shapeProblem([first, { ...second, serial: 3 }], current)).toContain('gap')
  expect(shapeProblem([first, { ...second, serial: 1 }], current)).toContain('gap')
  expect(
    shapeProblem(
      [
        { ...first, serial: 0 },
        { ...second, serial: 1 },
      ],
      current,
    ),
  ).toContain('gap')
  expect(shapeProblem([first, { ...second, oldKey: first.oldKey }], current)).toContain('comes back')
  expect(shapeProblem(chain, first.oldKey)).toContain('comes back')
  expect(shapeProblem([...chainOf(9).chain, first], current)).toContain('9 statements')
})
