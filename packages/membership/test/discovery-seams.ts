/** A node's seams for tests of discovery: virtual time, files in memory, a log that is kept, DNS that is scripted. */
import type { Log, LogFields } from '@barrel-actors/runtime'
import { MemoryDisk, VirtualClock } from '@barrel-actors/simulation'
import type { DiscoverySeams } from '../src/discovery/backend.ts'
import type { DnsResolver, ServiceRecord } from '../src/discovery/dns-resolver.ts'

export interface KeptLog extends Log {
  readonly lines: { readonly event: string; readonly fields: LogFields }[]
  /** The events of all lines. */
  events(): string[]
}

export function keptLog(): KeptLog {
  const lines: { event: string; fields: LogFields }[] = []
  const keep = (event: string, fields: LogFields = {}) => void lines.push({ event, fields })
  return { lines, events: () => lines.map(({ event }) => event), debug: keep, info: keep, warn: keep, error: keep }
}

export interface TestSeams extends DiscoverySeams {
  readonly clock: VirtualClock
  readonly disk: MemoryDisk
  readonly log: KeptLog
}

export function seamsOf(node = 'me@10.0.0.1', shared: Partial<TestSeams> = {}): TestSeams {
  return { node, clock: new VirtualClock(), disk: new MemoryDisk(), log: keptLog(), ...shared }
}

/** What is answered to a question: the records, an error, or nothing for ever. */
export type Scripted<Record> = readonly Record[] | Error | 'hangs' | undefined

/** Domain names as the test writes them down; it may change them meanwhile. */
export class ScriptedDns implements DnsResolver {
  readonly a: { [host: string]: Scripted<string> } = {}
  readonly aaaa: { [host: string]: Scripted<string> } = {}
  readonly srv: { [name: string]: Scripted<ServiceRecord> } = {}
  /** Every question, in order. */
  readonly asked: string[] = []

  ipv4(host: string): Promise<readonly string[]> {
    return this.#answer(`A ${host}`, this.a[host])
  }

  ipv6(host: string): Promise<readonly string[]> {
    return this.#answer(`AAAA ${host}`, this.aaaa[host])
  }

  services(name: string): Promise<readonly ServiceRecord[]> {
    return this.#answer(`SRV ${name}`, this.srv[name])
  }

  async #answer<Record>(question: string, scripted: Scripted<Record>): Promise<readonly Record[]> {
    this.asked.push(question)
    if (scripted === 'hangs') return new Promise(() => {})
    if (scripted instanceof Error) throw scripted
    return scripted ?? []
  }
}
