/** Memory outside of the engine's heap, given back without waiting for the collector. */
import { MessageChannel } from 'node:worker_threads'

// Node 20 has no `transfer`. What is transferred to a port that is closed is freed there and then.
const { port1: closedPort } = new MessageChannel()
closedPort.close()

const transfer = (ArrayBuffer.prototype as { transfer?: (bytes: number) => ArrayBuffer }).transfer

/**
 * Frees the memory under a buffer that has it for itself: the buffer, and all views of its memory, are empty from
 * here on. What is left to the collector instead counts as garbage until it runs, and makes it run the more often.
 */
export function release({ buffer }: Uint8Array): void {
  if (transfer === undefined) closedPort.postMessage(null, [buffer as ArrayBuffer])
  else transfer.call(buffer, 0)
}
