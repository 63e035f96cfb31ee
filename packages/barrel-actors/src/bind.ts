/** Which local address a node listens on when nobody says. */

/** What to listen on when nobody said: only this machine where only this machine is meant. */
export function addressToBind(hosts: readonly string[]): string {
  const isLocal = hosts.every(host => host === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(host))
  if (!isLocal) return '0.0.0.0'
  const [host = ''] = hosts
  return host.startsWith('127.') && hosts.every(other => other === host) ? host : '127.0.0.1'
}
