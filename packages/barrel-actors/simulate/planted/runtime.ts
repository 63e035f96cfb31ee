/** Bugs in the runtime: name, file, what stands there, what stands there in its place. */

import type { Rows } from './bugs.ts'

export const processes: Rows = [
  [
    'an end takes no link away from a process of the same node',
    'exits.ts',
    'linked.links?.delete(process)',
    'void linked',
  ],
  [
    'who ends leaves its monitors at those it watched',
    'exits.ts',
    'for (const monitor of process.monitors?.values() ?? []) monitor.cancel()',
    '',
  ],
  [
    'a monitor of who has ended tells nothing',
    'monitor.ts',
    "if (target.state === processState.dead) this.fire('noproc')\n    else addWatch",
    'addWatch',
  ],
  [
    'a name outlasts its process',
    '../names/names.ts',
    'if (process.name !== undefined) this.#held.delete(process.name)',
    '',
  ],
  [
    'a flush looks for the down behind its place',
    'verbs.ts',
    'mailbox.firstPlaceOf(ref.id) : 0)',
    'mailbox.firstPlaceOf(ref.id) + 1 : 0)',
  ],
]

export const signals: Rows = [
  [
    'monitors are not told when their channel is lost',
    'remote-node.ts',
    "for (const each of outgoing) each.ended('noconnection', cause)",
    'void outgoing',
  ],
  [
    'monitors of a lost node stay at what they watched',
    'remote-node.ts',
    'for (const each of incoming) each.withdraw()',
    'void incoming',
  ],
  [
    'links to an earlier life outlast the start of the next one',
    'remote-node.ts',
    'life.creation !== pid.creation',
    'life.creation < pid.creation',
  ],
  [
    'links are kept when their channel is lost',
    'remote-node.ts',
    "for (const { process, pid } of this.links.take()) this.node.exits.sendLinked(process, pid, 'noconnection')",
    'this.links.take()',
  ],
  [
    'who watches a pid that has ended is not told',
    'receive.ts',
    "sendDown(remote, ref, process === undefined ? 'noproc' : 'systemLimit', to instanceof Pid ? to.serial : 0)",
    "if (!(to instanceof Pid)) sendDown(remote, ref, process === undefined ? 'noproc' : 'systemLimit', 0)",
  ],
  [
    'a down goes on the flow of the node, past what was sent before it',
    'receive.ts',
    'sendDown(this.#remote, this.#ref, reason, this.#target.pid.serial)',
    'sendDown(this.#remote, this.#ref, reason, 0)',
  ],
  [
    'removals of links are not acknowledged',
    'receive.ts',
    "remote.send({ kind: 'unlinkAck', from: to, to: from, id }, to.serial)",
    'void id',
  ],
  ['a demonitor of another node is not heeded', 'receive.ts', 'incoming?.withdraw()', 'void incoming'],
  [
    'an acknowledgement takes a link away that was set anew',
    'links.ts',
    'end => end.unlinkId === unlinkId',
    'end => end.unlinkId === unlinkId || unlinkId > 0',
  ],
  [
    'a link that is set anew while it is removed is not told to the other side',
    'links.ts',
    'else this.#stand(end)\n    return true',
    'else {\n      this.#stand(end)\n      return false\n    }\n    return true',
  ],
  [
    'a link that stands is not forgotten when the other end has ended',
    'links.ts',
    '    if (end.unlinkId === undefined) forget(end)\n    return end',
    '    return end',
  ],
]
