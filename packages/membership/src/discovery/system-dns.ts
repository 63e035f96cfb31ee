/**
 * The machine's own domain name servers, and the one file here that asks them. Its hosts file is not read, and no
 * thread of the OS process waits meanwhile: a server that hangs must not hold up the files of the node.
 */
import { Resolver } from 'node:dns/promises'
import type { DnsResolver } from './dns-resolver.ts'

/** So that a question that nobody waits for any more ends by itself. */
const giveUp = { timeout: 1_000, tries: 2 }

export const systemDns: DnsResolver = {
  ipv4: host => ask(resolver => resolver.resolve4(host)),
  ipv6: host => ask(resolver => resolver.resolve6(host)),
  services: name =>
    ask(async resolver => {
      const records = await resolver.resolveSrv(name)
      return records.map(({ name: host, port, priority, weight }) => ({ host, port, priority, weight }))
    }),
}

async function ask<Answer>(question: (resolver: Resolver) => Promise<Answer[]>): Promise<Answer[]> {
  try {
    // A new one each time: it knows the servers that the machine has now.
    return await question(new Resolver(giveUp))
  } catch (error) {
    if (['ENOTFOUND', 'ENODATA'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}
