/** What can go wrong between two nodes, each with what to do about it. Listed in `docs/errors.md`. */
import { type BarrelError, type CodeTable, type ErrorFields, errorsOf } from '@barrel-actors/runtime'

/** The codes of the QUIC carrier. */
export const codes = {
  E_ADAPTER_FAILED: {
    what: 'The adapter for {node} could not be made: {problem}.',
    todo: 'Mend the function that was given to setConnectOptions.',
  },
  E_ADDRESS_UNRESOLVED: {
    what: 'The host {host} of node {node} does not resolve to an address.',
    todo: 'Correct the host, add it to DNS, or give the address of the node as an IP address.',
  },
  E_AUTH_CALLBACK_INVALID: {
    what: 'The option authCallback is given and is not a function: {problem}.',
    todo: 'Give it a function, leave the option out, or set authEnabled to false if every node may come in.',
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
  E_CLUSTER_CERTIFICATE_INVALID: {
    what: 'The member certificate {source} cannot be used: {problem}.',
    todo: 'Have one signed for the name, the key and the role of this node: "barrel-actors cluster sign".',
  },
  E_CLUSTER_KEY_INVALID: {
    what: 'The cluster key {source} cannot be used: {problem}.',
    todo: 'Copy the file again from where it was made, or make a new one for all nodes: "barrel-actors cluster new".',
  },
  E_CLUSTER_OPEN: {
    what: 'The node {node} would listen on {address} and let in anybody who reaches it.',
    todo: "Give it a clusterKey, or set authTrustMode to 'strict', or openToStrangers to true if that is meant.",
  },
  E_COOKIE_ONLY_REFUSED: {
    what: 'The node {node} may not come in with the cookie alone: {problem}.',
    todo: 'Let it sign with a key of its own, or add its name to cookieOnlyNodes and give both ends the same cookie.',
  },
  E_COOKIE_UNFIT: {
    what: 'The cookie cannot be used: {problem}.',
    todo: 'Make one with "openssl rand -base64 32" and give it to this node and to the probes, and to nobody else.',
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
    what: 'The key file {path} is there but was not read: {problem}.',
    todo: 'Let the user that runs this node read it, and nobody else: chmod 600 {path}.',
  },
  E_MIGRATION_REFUSED: {
    what: 'The connection to {node} cannot move to another local address: {reason}.',
    todo: 'Let the end that dialed move it, or close it, so that the next message opens a new one.',
  },
  E_MIGRATION_TIMEOUT: {
    what: 'No packet came back from {node} to the new local address {address} within {timeoutMs} ms.',
    todo: 'See whether UDP passes from the new address; the connection goes on over the old one.',
  },
  E_MIGRATION_UNSUPPORTED: {
    what: 'The connection to {node} goes through an adapter, which has no local address to move from.',
    todo: 'Close it, and dial again through an adapter for the other path.',
  },
  E_NODE_UNREACHABLE: {
    what: 'There was no answer from {node} at {address} within {timeoutMs} ms.',
    todo: 'See whether the node runs, the address is right, and UDP passes the firewalls between.',
  },
  E_NOT_CONNECTED: {
    what: 'There is no channel to {node}.',
    todo: 'Send it something first, or call node.connect.',
  },
  E_PEER_CERTIFICATE_INVALID: {
    what: 'The node {node} was refused for its member certificate: {problem}.',
    todo: 'Start it with the key of this cluster, or with a certificate of it for its name, key and role.',
  },
  E_PEER_IS_SELF: {
    what: 'The node at the other end, {node}, has the {same} of this node.',
    todo: 'Give every node a name and a key folder of its own, and do not let a node dial itself.',
  },
  E_PEER_KEY_CHANGED: {
    what: 'The node {node} shows the key {fingerprint}, which is not the one pinned for it.',
    todo: 'If the change is expected, pin the new key or remove the pin {path}; if not, do not trust this peer.',
  },
  E_PEER_KEY_INVALID: {
    what: 'The key of node {node} is not a usable Ed25519 key: {problem}.',
    todo: 'Make new keys on that node; honest nodes never make such a key, so find out who sent it.',
  },
  E_PEER_KEY_REVOKED: {
    what: 'The node {node} shows the key {fingerprint}, which is revoked here.',
    todo: 'Make a new key on that node and pin it here; do not let a key in again that somebody else may hold.',
  },
  E_PEER_NAME_OTHER: {
    what: 'At the address of {node} answers a node with another name.',
    todo: 'Check the name and the port of {node}; where an address names no port it is 9100.',
  },
  E_PEER_NAME_TAKEN: {
    what: 'The node {node} was refused: another key has a channel by that name.',
    todo: 'Give it another name, or wait until the other one is gone.',
  },
  E_PEER_NAME_WRONG: {
    what: 'The node that answered in place of {dialed} calls itself {node}.',
    todo: 'Correct the address of {dialed}, or dial the node by the name it has.',
  },
  E_PEER_NOT_ALLOWED: {
    what: 'The node {node} has proved who it is, and authCallback did not let it in: {problem}.',
    todo: 'See what authCallback decides on; only the answer true lets a node in.',
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
  E_REVOCATIONS_FULL: {
    what: 'The key {fingerprint} cannot be revoked: {revokedMax} keys are revoked already.',
    todo: 'Remove keys that no pin and no backup holds any more from {path}, and start this node again.',
  },
  E_STREAM_BYTES_INVALID: {
    what: 'What was written to the stream {tag} is not a Uint8Array.',
    todo: 'Write bytes; encode texts with a TextEncoder.',
  },
  E_STREAM_CODE_INVALID: {
    what: 'The stream {tag} cannot be reset with that code.',
    todo: 'Give a whole number from 0 to {codeMax}, or none.',
  },
  E_STREAM_ENDED: {
    what: 'The stream {tag} to {node} was ended by this side, so nothing more can be written to it.',
    todo: 'Write before you end the stream, or open another one.',
  },
  E_STREAM_LIMIT: {
    what: 'The stream {tag} to {node} cannot be opened: {count} streams are open {where}.',
    todo: 'End streams that are not needed any more, and open this one then.',
  },
  E_STREAM_NODE_OWN: {
    what: 'A stream to {node} leads to this node itself.',
    todo: 'Send messages to a process of this node, or open a stream to another node.',
  },
  E_STREAM_OWNER_DEAD: {
    what: 'The process {pid} is not alive on this node, so it cannot own a stream or accept a tag.',
    todo: 'Give a process that runs on this node.',
  },
  E_STREAM_OWNER_ENDED: {
    what: 'The stream {tag} with {node} was reset because its owner {pid} has ended.',
    todo: 'Keep the owner alive until the stream has closed, or hand the stream over to another process.',
  },
  E_STREAM_REFUSED: {
    what: 'The node {node} gave up the stream {tag}: {reason}.',
    todo: 'See that a process of {node} accepts this tag and keeps up with the streams that it gets.',
  },
  E_STREAM_RESET: {
    what: 'The stream {tag} with {node} was reset by {side}, with code {resetCode}.',
    todo: 'Open another stream if the bytes are still needed; the code means what the two sides agreed on.',
  },
  E_STREAM_UNAVAILABLE: {
    what: 'The channel to {node} closed before the stream {tag} was opened.',
    todo: 'Open the stream again: that dials anew.',
  },
  E_STREAM_WRITES_WAITING: {
    what: 'More than {writesMax} writes wait on the stream {tag} to {node}.',
    todo: 'Await each write before the next one.',
  },
  E_SUCCESSION_INVALID: {
    what: "The succession of this node's keys in {path} cannot be used: {problem}.",
    todo: 'Restore it from a backup, or remove it; peers that hold an older key of this node must then pin its new one.',
  },
  E_TAG_INVALID: {
    what: 'The stream tag {tag} cannot be used: {problem}.',
    todo: 'Give a text that has 1 to 255 bytes in UTF-8.',
  },
  E_TAG_RESERVED: {
    what: 'The stream tag {tag} is reserved for Barrel Actors.',
    todo: 'Choose a tag with another beginning than `barrel:`.',
  },
  E_TAG_TAKEN: {
    what: 'The stream tag {tag} is held by {pid}.',
    todo: 'Have that process give it up with unaccept, or choose another tag.',
  },
  E_TRUST_NOT_FOUND: {
    what: 'No key is pinned for {node}, and it is not a fingerprint.',
    todo: 'Give the name of a pinned node, or the whole fingerprint: 64 hexadecimal digits, colons as you like.',
  },
  E_TRUST_STORE_DAMAGED: {
    what: 'The file {path} of the trust store cannot be used: {problem}.',
    todo: 'Restore it from a backup, or remove it: without a pin the next key is believed, without revoked.json any key.',
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
