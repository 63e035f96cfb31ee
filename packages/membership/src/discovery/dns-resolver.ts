/** Where one process of a service is, as an SRV record tells. */
export interface ServiceRecord {
  /** A host name. */
  readonly host: string
  readonly port: number
  /** The lower, the sooner. */
  readonly priority: number
  /** Of the same priority, the higher, the sooner. */
  readonly weight: number
}

/**
 * The domain name system, as a node sees it. Each gives nothing where there is no such name, and rejects where the
 * question could not be answered.
 */
export interface DnsResolver {
  /** The A records of a host. */
  ipv4(host: string): Promise<readonly string[]>
  /** The AAAA records of a host. */
  ipv6(host: string): Promise<readonly string[]>
  /** The SRV records of a service. */
  services(name: string): Promise<readonly ServiceRecord[]>
}
