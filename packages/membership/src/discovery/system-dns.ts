/**
 * Domain name servers, and the one file here that asks them. The machine's hosts file is not read, and no thread of
 * the OS process waits meanwhile: a server that hangs must not hold up the files of the node.
 */
import { Resolver } from 'node:dns/promises'
import type { DnsResolver } from './dns-resolver.ts'

/** So that a question that nobody waits for any more ends by itself. */
const giveUp = { timeout: 1_000, tries: 2 }

/**
 * Asks those servers, each an IP address or `address:port`; without any, those that the machine has at the time.
 * @throws what Node throws where one of them is no address
 */
export function dnsServers(servers?: readonly string[]): DnsResolver {
  const ask = async <Answer>(question: (resolver: Resolver) => Promise<Answer[]>): Promise<Answer[]> => {
    try {
      return await question(resolverOf(servers))
    } catch (error) {
      if (['ENOTFOUND', 'ENODATA'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
      throw error
    }
  }
  if (servers !== undefined) resolverOf(servers)
  return {
    ipv4: host => ask(resolver => resolver.resolve4(host)),
    ipv6: host => ask(resolver => resolver.resolve6(host)),
    services: name =>
      ask(async resolver => {
        const records = await resolver.resolveSrv(name)
        return records.map(({ name: host, port, priority, weight }) => ({ host, port, priority, weight }))
      }),
  }
}

/** The machine's own domain name servers. */
export const systemDns: DnsResolver = dnsServers()

// A new one for each question: it knows the servers that the machine has now.
function resolverOf(servers: readonly string[] | undefined): Resolver {
  const resolver = new Resolver(giveUp)
  if (servers !== undefined) resolver.setServers(servers)
  return resolver
}
