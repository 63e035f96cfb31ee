/**
 * Measures the time that the OS process has a processor, in milliseconds: other work of the machine does not count. The
 * wall clock where that shows less, since the collector has threads of its own.
 */
export function processorMs(): () => number {
  const cpu = process.cpuUsage()
  const wallMs = performance.now()
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return Math.min((user + system) / 1_000, performance.now() - wallMs)
  }
}
