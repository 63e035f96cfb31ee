/** Real nodes over real QUIC on loopback, which stop at the end of each test. */
import {
  BarrelError,
  GenServer,
  type Log,
  type LogFields,
  type Node,
  type NodeOptions,
  startNode,
} from '@barrel-actors/runtime'
import { Quic, type QuicOptions, quic } from '../src/index.ts'

class Echo extends GenServer {
  override handleCall(request: unknown): unknown {
    return request
  }
}

const running: Node[] = []

/** A node with an `echo` process; it keeps nothing unless it is given a `dataDir`. */
export async function startQuicNode(name: string, options: QuicOptions = {}, more: NodeOptions = {}): Promise<Node> {
  const carrier = quic({ listenPort: 0, address: '127.0.0.1', ...options })
  const node = await startNode({ name, extensions: [carrier], ...more })
  node.register('echo', node.spawn(Echo))
  running.push(node)
  return node
}

export async function stopQuicNodes(): Promise<void> {
  for (const node of running.splice(0)) await node.stop()
}

export function addressOf(node: Node): string {
  return `${node.name}:${node.extension(Quic).address.port}`
}

export function echo(from: Node, to: Node, request: unknown): Promise<unknown> {
  return from.call({ name: 'echo', node: to.name }, request)
}

/** The coded error that an attempt ends with. */
export async function failureOf(attempt: Promise<unknown>): Promise<BarrelError> {
  const error = await attempt.then(
    () => new Error('it succeeded'),
    (problem: unknown) => problem,
  )
  if (!(error instanceof BarrelError)) throw error
  return error
}

export interface LogLines extends Log {
  readonly lines: { readonly level: string; readonly event: string; readonly fields: LogFields }[]
  /** The fields of every line with that event. */
  of(event: string): LogFields[]
}

/** A log that a test reads. */
export function logLines(): LogLines {
  const lines: LogLines['lines'] = []
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}) =>
      void lines.push({ level, event, fields })
  const of = (event: string) => lines.filter(line => line.event === event).map(line => line.fields)
  return { lines, of, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
