/** What can go wrong between two nodes, each with what to do about it. Listed in `docs/errors.md`. */
import { type BarrelError, type CodeTable, type ErrorFields, errorsOf } from '@barrel-actors/runtime'

/** The codes of the QUIC carrier. */
export const codes = {
  E_ADDRESS_UNRESOLVED: {
    what: 'The host {host} of node {node} does not resolve to an address.',
    todo: 'Correct the host, add it to DNS, or give the address of the node as an IP address.',
  },
  E_BIND_FAILED: {
    what: 'The UDP address {address} cannot be opened: {problem}.',
    todo: 'Choose an address of this machine, or leave the host out to listen on all of them.',
  },
  E_CERTIFICATE_INVALID: {
    what: 'The certificate file {path} cannot be used: {problem}.',
    todo: 'Remove the file: the next start makes a new one, and no peer has to know.',
  },
  E_CHANNEL_CLOSED: {
    what: 'The channel to {node} was closed: {reason}.',
    todo: 'Nothing to mend where the close was meant; the next message to the node opens a new channel.',
  },
  E_CHANNEL_LOST: {
    what: 'There was no sign of life from {node} for {timeoutMs} ms.',
    todo: 'See whether the node runs and the network between the nodes carries UDP.',
  },
  E_CHANNEL_OVERFLOW: {
    what: 'More than {bytesMax} bytes waited to be sent to {node}, so its channel was closed.',
    todo: 'Stop sending while send returns false, or give the channel a larger queueBytesMax.',
  },
  E_CLOCK_SKEW: {
    what: 'The clocks of this node and {node} are {skewMs} ms apart.',
    todo: 'Set the clocks of both machines, for example with NTP.',
  },
  E_DIALED_NAME_WRONG: {
    what: 'The node {node} dialed {dialed}, but this node is {self}.',
    todo: 'Correct the address or the node name that {node} was given.',
  },
  E_DIAL_SUPERSEDED: {
    what: 'The dial to {node} gave way to one that {node} had begun, which did not get through in time.',
    todo: 'Send again: the channel is opened anew.',
  },
  E_FILE_UNWRITABLE: {
    what: 'The file {path} cannot be written: {problem}.',
    todo: 'Let the user that runs this node write in its folder, and see that the disk has room.',
  },
  E_HANDSHAKE_FAILED: {
    what: 'The handshake with {node} failed: {problem}.',
    todo: 'See that both nodes run the same version of Barrel Actors and that nothing between them alters traffic.',
  },
  E_HANDSHAKE_TIMEOUT: {
    what: 'The handshake with {node} did not finish in time.',
    todo: 'See whether one of the nodes is overloaded or the network between them loses packets.',
  },
  E_KEY_INVALID: {
    what: 'The key file {path} does not hold a usable Ed25519 key: {problem}.',
    todo: 'Restore it from a backup; without one, remove node.key and node.pub and have the peers pin the new key.',
  },
  E_KEY_MISMATCH: {
    what: 'The key files {path} and {publicPath} do not belong together: {problem}.',
    todo: 'Restore both from one backup, or remove {publicPath} if {path} is the right key.',
  },
  E_KEY_UNREADABLE: {
    what: 'The key file {path} is there but cannot be read: {problem}.',
    todo: 'Let the user that runs this node read it, and nobody else: chmod 600 {path}.',
  },
  E_MIGRATION_REFUSED: {
    what: 'The connection to {node} cannot move to another local address: {reason}.',
    todo: 'Let the end that dialed move it, or close it, so that the next message opens a new one.',
  },
  E_MIGRATION_TIMEOUT: {
    what: 'No packet came back from {node} to the new local address {address} within {timeoutMs} ms.',
    todo: 'See whether UDP passes from the new address; until then the connection goes on over the old one.',
  },
  E_MIGRATION_UNSUPPORTED: {
    what: 'The connection to {node} goes through an adapter, which has no local address to move from.',
    todo: 'Close it, and dial again through an adapter for the other path.',
  },
  E_NODE_UNREACHABLE: {
    what: 'There was no answer from {node} at {address} within {timeoutMs} ms.',
    todo: 'See whether the node runs, the address is right, and UDP passes the firewalls between.',
  },
  E_PEER_IS_SELF: {
    what: 'The node at the other end, {node}, has the {same} of this node.',
    todo: 'Give every node a name and a key folder of its own, and do not let a node dial itself.',
  },
  E_PEER_KEY_CHANGED: {
    what: 'The node {node} shows the key {fingerprint}, which is not the one pinned for it.',
    todo: 'If the change is expected, remove the pin file {path} and connect again; if not, do not trust this peer.',
  },
  E_PEER_KEY_INVALID: {
    what: 'The key of node {node} is not a usable Ed25519 key: {problem}.',
    todo: 'Make new keys on that node; honest nodes never make such a key, so find out who sent it.',
  },
  E_PEER_NAME_OTHER: {
    what: 'At the address of {node} answers a node with another name.',
    todo: 'Check the name and the port of {node}; where an address names no port it is 9100.',
  },
  E_PEER_NAME_WRONG: {
    what: 'The node that answered in place of {dialed} calls itself {node}.',
    todo: 'Correct the address of {dialed}, or dial the node by the name it has.',
  },
  E_PEER_REFUSED: {
    what: 'The node {node} refused this node: {reason}.',
    todo: 'See the log of {node}, which says more about the refusal.',
  },
  E_PEER_UNTRUSTED: {
    what: 'The key {fingerprint} of node {node} is not pinned, and this node trusts pinned keys only.',
    todo: 'Compare the fingerprint with the one that {node} shows, and pin its key if they are the same.',
  },
  E_PORT_DENIED: {
    what: 'The system does not let this node open UDP port {port}.',
    todo: 'Choose a port of 1024 or more, or give the process the right to open this one.',
  },
  E_PORT_IN_USE: {
    what: 'The UDP port {port} is in use.',
    todo: 'Stop what uses it, or choose another one with --port or quic.listenPort; 0 lets the system choose.',
  },
  E_QUIC_OPTION_INVALID: {
    what: 'The option {option} of quic() is not valid.',
    todo: 'Give it a value of which this is true: {rule}.',
  },
  E_QUIC_UNAVAILABLE: {
    what: 'The native QUIC binding cannot be loaded on {platform}: {problem}.',
    todo: 'Use macOS, Windows on x64, or Linux on x64 with glibc 2.34 or later.',
  },
  E_SIGNAL_TOO_LARGE: {
    what: 'The signal has {bytes} bytes encoded, more than the {bytesMax} that a channel carries.',
    todo: 'Send it in parts, or over a user stream.',
  },
  E_TRUST_STORE_DAMAGED: {
    what: 'The pin {path} cannot be used: {problem}.',
    todo: 'Restore the file from a backup, or remove it to pin the key of that peer anew.',
  },
  E_TRUST_STORE_FULL: {
    what: 'The key of {node} cannot be pinned: {pinsMax} keys are pinned already.',
    todo: 'Remove the pin files of nodes that are gone from {path}, and start this node again.',
  },
} as const satisfies CodeTable

export type QuicCode = keyof typeof codes

/** Makes an error of the QUIC carrier. */
export const quicError: (code: QuicCode, fields?: ErrorFields, cause?: unknown) => BarrelError = errorsOf(codes)

/** What a failed call says for itself, to be put into an error's `problem` field. */
export function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
