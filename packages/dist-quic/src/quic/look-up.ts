/** Host names to IP literals, by the system's resolver. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'

/**
 * The addresses of a host, of the family that a socket bound to `bound` reaches; a literal is its own address.
 * Rejects with the resolver's error where there is none.
 */
export async function lookUp(host: string, bound: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host]
  const found = await lookup(host, { all: true, family: isIP(bound) === 4 ? 4 : 0 })
  return found.map(({ address }) => address)
}
