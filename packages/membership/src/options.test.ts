import { describe, expect, it } from 'vitest'
import { detectorDefaults } from './detector/options.ts'
import { hyparviewDefaults } from './hyparview/options.ts'
import { isLoopbackNode, membershipDefaults, profiles, resolveOptions } from './options.ts'
import { plumtreeDefaults } from './plumtree/options.ts'

const self = 'a@10.0.0.1'

describe('options of membership', () => {
  it('without any the defaults hold, and each profile changes what it names alone', () => {
    const { contactRetryMs, discoverContacts, hyparview, plumtree, detector, contacts } = resolveOptions({}, self)
    expect({ contactRetryMs, discoverContacts, profile: 'lan' }).toEqual(membershipDefaults)
    expect([hyparview, plumtree, detector, contacts]).toEqual([
      hyparviewDefaults,
      plumtreeDefaults,
      detectorDefaults,
      [],
    ])
    for (const profile of ['local', 'wan'] as const) {
      const resolved = resolveOptions({ profile }, self)
      expect(resolved.hyparview).toEqual({ ...hyparviewDefaults, ...profiles[profile].hyparview })
      expect(resolved.plumtree).toEqual({ ...plumtreeDefaults, ...profiles[profile].plumtree })
      expect(resolved.detector).toEqual({ ...detectorDefaults, ...profiles[profile].detector })
    }
    expect(resolveOptions({ profile: 'wan', plumtree: { gapMs: 5 } }, self).plumtree.gapMs).toBe(5)
  })

  it('the own name among the contacts is passed over, with a port or without', () => {
    const contactNodes = [self, `${self}:9100`, 'b@10.0.0.2', 'c@10.0.0.3:9101']
    expect(resolveOptions({ contactNodes }, self).contacts.map(({ node }) => node)).toEqual([
      'b@10.0.0.2',
      'c@10.0.0.3',
    ])
  })

  it.each([
    ['profile', 'space'],
    ['contactNodes', 'b@10.0.0.2'],
    ['contactNodes', ['b']],
    ['contactNodes', [5]],
    ['contactNodes', Array(65).fill('b@10.0.0.2')],
    ['contactRetryMs', 0],
    ['contactRetryMs', Number.POSITIVE_INFINITY],
    ['endpoints', [{ host: 'x y' }]],
    ['endpoints', Array(9).fill({ host: '10.0.0.1' })],
    ['discovery', {}],
    ['discoverContacts', 1],
    ['hyparview', { activeViewMax: 0 }],
    ['hyparview', { activeViews: 5 }],
    ['hyparview', { shuffleWalkLength: 17 }],
    ['plumtree', { gapMs: -1 }],
    ['plumtree', { lazyTickMs: Number.NaN }],
    ['detector', { probeTimeoutMs: 0 }],
    ['detector', { confirmations: 16 }],
    ['detector', { suspicionMinMs: 20_000 }],
    ['detector', { indirectTimeoutMs: 1_000 }],
    ['contacts', []],
  ])('%s: %j is refused with a code', (option, value) => {
    const error = expect.objectContaining({
      code: 'E_MEMBERSHIP_OPTION_INVALID',
      message: expect.stringContaining(option),
    })
    expect(() => resolveOptions({ [option]: value }, self)).toThrow(error)
  })

  it('a node on loopback is one whose name says so', () => {
    expect(['a@127.0.0.1', 'a@localhost', 'a@10.0.0.1', 'a@host.example'].map(isLoopbackNode)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
