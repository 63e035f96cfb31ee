/** What comes from outside as text or plain data, and is read by hand: names, addresses, the creation file, remote calls. */
import { changed, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { systemClock } from './clock/system-clock.ts'
import { nextCreation } from './creation.ts'
import type { Disk } from './disk/disk.ts'
import { hasCode } from './errors.ts'
import { nodeNameProblem, parseAddress, parseEndpoint } from './node-name.ts'
import { readReply, requestProblem } from './rpc/rpc-message.ts'

/** What reading gives, or undefined where it is refused with one of the codes. */
function read<T>(reading: () => T, ...codes: string[]): T | undefined {
  try {
    return reading()
  } catch (error) {
    if (!codes.some(code => hasCode(error, code as never))) throw error
    return undefined
  }
}

const texts = (...recordings: string[]) =>
  fc.oneof(
    fc.string({ maxLength: 300, unit: 'binary' }),
    changed(recordings.map(text => Buffer.from(text))).map(bytes => bytes.toString('latin1')),
  )

test('whatever text is taken for a node name, none with a path or a control character is', () =>
  fuzz('node names', texts('a@host', 'node-1.x_y@10.0.0.1', `${'x'.repeat(253)}@h`), name => {
    if (nodeNameProblem(name) !== undefined) return 'refused'
    expect(name).toMatch(/^[\w.-]{1,253}@[\w.-]{1,253}$/)
    expect(name.length).toBeLessThanOrEqual(255)
    return 'accepted'
  }))

test('whatever text is read as an address is a node with a port, or is refused with a code', () =>
  fuzz('addresses', texts('a@host:9100', 'b@10.0.0.1', '[::1]:80', 'host:65535'), text => {
    const address = read(() => parseAddress(text), 'E_ADDRESS_INVALID', 'E_NODE_NAME_INVALID')
    const endpoint = read(() => parseEndpoint(text), 'E_ADDRESS_INVALID')
    for (const port of [address?.endpoint?.port, endpoint?.port]) {
      expect(port === undefined || (Number.isInteger(port) && port > 0 && port < 65_536)).toBe(true)
    }
    return address === undefined && endpoint === undefined ? 'refused' : 'accepted'
  }))

test('whatever the creation file holds, the next creation is a greater number or the start is refused', () => {
  const bytes = fc.oneof(changed([Buffer.from('1700000000\n')]), fc.uint8Array({ maxLength: 20 }))
  return fuzz('creation file', bytes, async stored => {
    const disk = { read: async () => stored, replace: async () => {} } as Partial<Disk> as Disk
    const creation = await nextCreation(systemClock, disk, '/data').catch((error: unknown) => {
      if (!hasCode(error, 'E_CREATION_UNREADABLE')) throw error
    })
    if (creation === undefined) return 'refused'
    expect(Number.isSafeInteger(creation)).toBe(true)
    expect(creation).toBeGreaterThan(Number(Buffer.from(stored).toString()))
    return 'accepted'
  })
})

test('whatever comes as a remote call or its reply is one, or is refused, and is never thrown at', () => {
  const data = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true })
  const shaped = fc.record(
    {
      name: fc.oneof(fc.string(), data),
      args: fc.oneof(fc.array(data), data),
      kind: fc.oneof(fc.constantFrom('value', 'error', 'refused'), data),
      refusal: fc.oneof(fc.constantFrom('unknown', 'overloaded', 'invalid'), data),
      error: data,
      value: data,
    },
    { requiredKeys: [] },
  )
  return fuzz('remote calls', fc.oneof(shaped, data), value => {
    const isRequest = requestProblem(value) === undefined
    const reply = readReply(value)
    if (reply?.kind === 'error') expect(typeof reply.error.message).toBe('string')
    return isRequest || reply !== undefined ? 'accepted' : 'refused'
  })
})
