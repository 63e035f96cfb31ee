import { expect, test } from 'vitest'
import { GenServer } from '../index.ts'
import { type ChildSpec, checkChildSpec, checkSupervisorSpec, type SupervisorSpec } from './child-spec.ts'
import { Supervisor } from './supervisor.ts'

class Server extends GenServer {}

function problemOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    const { code, fields } = error as { code: string; fields: Record<string, unknown> }
    return [code, fields['field'] ?? fields['option'] ?? fields['id']]
  }
  return 'none'
}

test.each<[string, unknown]>([
  ['id', undefined],
  ['id', null],
  ['id', { server: Server }],
  ['id', { id: '', server: Server }],
  ['server', { id: 'a' }],
  ['server', { id: 'a', server: Server, run: () => {} }],
  ['server', { id: 'a', server: class {} }],
  ['server', { id: 'a', server: () => {} }],
  ['run', { id: 'a', run: 'later' }],
  ['run', { id: 'a', run: Server }],
  ['args', { id: 'a', server: Server, args: 5 }],
  ['restart', { id: 'a', server: Server, restart: 'always' }],
  ['shutdown', { id: 'a', server: Server, shutdown: -1 }],
  ['shutdown', { id: 'a', server: Server, shutdown: Number.NaN }],
  ['shutdown', { id: 'a', server: Server, shutdown: 'kill' }],
  ['name', { id: 'a', server: Server, name: '' }],
  ['timeoutMs', { id: 'a', server: Server, timeoutMs: '5' }],
])('a spec with a hole is refused by its field: %s in %j', (field, spec) => {
  expect(problemOf(() => checkChildSpec(spec as ChildSpec))).toEqual(['E_CHILD_SPEC_INVALID', field])
  expect(problemOf(() => Supervisor.of({ children: [spec as ChildSpec] }))).toEqual(['E_CHILD_SPEC_INVALID', field])
})

test.each<[string, unknown]>([
  ['init', undefined],
  ['strategy', { strategy: 'oneForTwo' }],
  ['intensity', { intensity: -1 }],
  ['intensity', { intensity: Number.NaN }],
  ['periodMs', { periodMs: 0 }],
  ['children', { children: {} }],
])('a supervisor is refused by its field: %s in %j', (option, spec) => {
  expect(problemOf(() => checkSupervisorSpec(spec as SupervisorSpec))).toEqual(['E_OPTION_INVALID', option])
})

test('a hole in the array of children is one in a spec', () => {
  const children: ChildSpec[] = []
  children[1] = { id: 'a', server: Server }
  expect(problemOf(() => checkSupervisorSpec({ children }))).toEqual(['E_CHILD_SPEC_INVALID', 'id'])
})

test('two children with one id are refused', () => {
  const child = { id: 'a', server: Server }
  expect(problemOf(() => Supervisor.of({ children: [child, child] }))).toEqual(['E_CHILD_EXISTS', 'a'])
})

test('what is not said is as in OTP, also where it is said to be undefined', () => {
  const nested = Supervisor.of({})
  const children = [
    { id: 'a', server: Server, restart: undefined },
    { id: 'b', server: nested },
  ] as ChildSpec[]
  const spec = { intensity: undefined, children } as unknown as SupervisorSpec
  expect(checkSupervisorSpec(spec)).toEqual({
    strategy: 'oneForOne',
    intensity: 1,
    periodMs: 5000,
    children: [
      { id: 'a', server: Server, restart: 'permanent', shutdown: 5000, kind: 'worker' },
      { id: 'b', server: nested, restart: 'permanent', shutdown: Infinity, kind: 'supervisor' },
    ],
  })
})
