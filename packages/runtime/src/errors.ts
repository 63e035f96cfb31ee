/**
 * One error class and one table of codes per package. A code says what happened and what to do about it;
 * `docs/errors.md` lists every code and a test holds the page against the tables.
 */

/** What a code's texts look like. `{name}` is replaced by the field of that name. */
export interface CodeText {
  /** One sentence: what happened. */
  readonly what: string
  /** One sentence: what to do about it. */
  readonly todo: string
}

export type CodeTable = Readonly<Record<string, CodeText>>

/** Values put into an error's texts. Control characters in them are replaced, so that a message is one line. */
export type ErrorFields = Readonly<Record<string, unknown>>

/** The only error class of Barrel Actors: match on `code`, never on the text. */
export class BarrelError extends Error {
  override readonly name = 'BarrelError'
  readonly code: string
  /** What happened, one sentence. */
  readonly what: string
  /** What to do about it, one sentence. */
  readonly todo: string
  readonly fields: ErrorFields

  constructor(code: string, text: CodeText, fields: ErrorFields = {}, cause?: unknown) {
    const what = fill(text.what, fields)
    const todo = fill(text.todo, fields)
    super(`${what} ${todo}`, cause === undefined ? undefined : { cause })
    this.code = code
    this.what = what
    this.todo = todo
    this.fields = fields
  }
}

/** Makes the error constructor of one package from its table of codes. */
export function errorsOf<Table extends CodeTable>(
  table: Table,
): (code: keyof Table & string, fields?: ErrorFields, cause?: unknown) => BarrelError {
  return (code, fields, cause) => new BarrelError(code, table[code] as CodeText, fields, cause)
}

/** Whether this is a {@link BarrelError} with that code. */
export function hasCode(error: unknown, code: string): error is BarrelError {
  return error instanceof BarrelError && error.code === code
}

function fill(text: string, fields: ErrorFields): string {
  return text.replace(/\{(\w+)\}/g, (_, field: string) => oneLine(textOf(fields[field])))
}

/** Any value as a text. Never throws, whoever made the value: what it stands in is on the way of an end or an error. */
export function textOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return 'a value without a text'
  }
}

// Names and reasons may come from another node: no new lines, no terminal escapes in our messages.
function oneLine(text: string): string {
  const shown = text.length > 300 ? `${text.slice(0, 300)}…` : text
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  return shown.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd')
}

/** The codes of the runtime. */
export const codes = {
  E_ACTOR_INVALID: {
    what: '{actor} is not a process that can act: no server, no self, no node.',
    todo: 'Give this inside a server, self inside a function process, or a node.',
  },
  E_ADDRESS_OWN: {
    what: 'The address {address} names this node itself.',
    todo: 'Give the address of another node, or give this node another name.',
  },
  E_ADDRESS_INVALID: {
    what: 'The address {address} is not of the form name@host or name@host:port.',
    todo: 'Write it like seed@10.0.0.1:9100.',
  },
  E_CALLBACK_RESULT: {
    what: '{callback} of {server} returned {value}, which says nothing to a server.',
    todo: 'Return nothing, or what stop() and next() make; only handleCall returns a reply.',
  },
  E_CALL_ABORTED: {
    what: 'The call to {target} was aborted by its signal.',
    todo: 'Nothing to mend: the reply, if one comes, is dropped.',
  },
  E_CALL_EXIT: {
    what: 'The call to {target} got no reply: {how}.',
    todo: 'Check that a process has this name or pid; handle its end where you call it, or supervise it.',
  },
  E_CALL_SELF: {
    what: 'The process {pid} called itself, and would have waited for ever.',
    todo: 'Use its own method, or send it a cast.',
  },
  E_CALL_TIMEOUT: {
    what: 'No reply from {target} within {timeoutMs} ms.',
    todo: 'Give the call a longer timeoutMs, or see what the server is busy with.',
  },
  E_CHILD_EXISTS: {
    what: 'The supervisor has a child {id} already.',
    todo: 'Choose another id, or restart the child that has it.',
  },
  E_CHILD_NOT_STOPPED: {
    what: 'The child {id} is {state}.',
    todo: 'Terminate it first.',
  },
  E_CHILD_SPEC_INVALID: {
    what: 'The field {field} of the spec of child {id} is not valid: {problem}.',
    todo: 'Write it like a ChildSpec: an id, and a server or a function to run.',
  },
  E_CHILD_START_FAILED: {
    what: 'The child {id} did not start: {reason}.',
    todo: 'Mend what its init ran into, or give it the name and the arguments that it needs.',
  },
  E_CHILD_UNKNOWN: {
    what: 'The supervisor has no child {id}.',
    todo: 'Ask it with Supervisor.whichChildren; a temporary child is forgotten when it ends.',
  },
  E_CREATION_UNREADABLE: {
    what: 'The file {path}, which tells the lives of this node apart, cannot be used: {problem}.',
    todo: 'Mend its permissions, or remove it if no other node remembers this one.',
  },
  E_DATA_IN_USE: {
    what: 'The data folder {folder} is in use: {problem}.',
    todo: 'Stop the node that uses it, or give this one a dataDir of its own.',
  },
  E_DESTINATION_INVALID: {
    what: 'Nothing can be sent to {destination}.',
    todo: 'Send to a pid, a registered name, { name, node }, { via, name } or { global: name }.',
  },
  E_EXPOSE_INVALID: {
    what: '{name} cannot be exposed: {problem}.',
    todo: 'Expose functions under names of 1 to 255 characters, each name once until it is unexposed.',
  },
  E_EXTENSION_INVALID: {
    what: 'The extension {extension} cannot be installed: {problem}.',
    todo: 'Give each extension once, and one carrier to a node.',
  },
  E_EXTENSION_MISSING: {
    what: 'The extension {extension} needs {needs}, which is not installed.',
    todo: 'Put {needs} before {extension} in the extensions of the node.',
  },
  E_MESSAGE_INVALID: {
    what: 'The message cannot be sent to another node: {problem} at {path}.',
    todo: 'Send plain data: objects, arrays, Map, Set, Date, bigint, bytes, errors, pids and refs.',
  },
  E_MESSAGE_THENABLE: {
    what: 'A message for {pid} has a method then: receive would wait for it in place of giving it.',
    todo: 'Send what it leads to, or a message that holds it in a field.',
  },
  E_NAME_INVALID: {
    what: '{name} cannot be registered: a name is a string of 1 to 255 characters and does not begin with $.',
    todo: 'Choose another name.',
  },
  E_NAME_TAKEN: {
    what: 'The name {name} is held by {pid}.',
    todo: 'Choose another name, or unregister it first.',
  },
  E_NO_CONNECTION: {
    what: 'There is no connection to {target}: {problem}.',
    todo: '{advice}.',
  },
  E_NODE_NAME_INVALID: {
    what: 'The node name {name} is not valid: {problem}.',
    todo: 'Use name@host with letters, digits, dots, hyphens and underscores, at most 255 characters.',
  },
  E_NODE_STOPPED: {
    what: 'The node {node} has stopped.',
    todo: 'Start a node before you use it.',
  },
  E_NO_CARRIER: {
    what: 'The node {node} has no carrier, so it cannot reach {target}.',
    todo: 'Start the node with startNode of barrel-actors, or give it an extension that is a carrier.',
  },
  E_NOT_SPAWNED: {
    what: 'The server {server} was made with new.',
    todo: 'Start it with spawn({server}), which gives it a process.',
  },
  E_OPTION_INVALID: {
    what: 'The option {option} is not valid: {problem}.',
    todo: 'See the options in docs/reference/options.md.',
  },
  E_PID_NOT_LOCAL: {
    what: 'The process {pid} does not run on {node}.',
    todo: 'Ask its own node, for instance with a function that it exposes to rpc.',
  },
  E_PROCESS_DEAD: {
    what: 'The process {pid} is not alive on this node.',
    todo: 'Register or watch a process while it lives.',
  },
  E_PROCESS_NAMED: {
    what: 'The process {pid} already holds the name {name}.',
    todo: 'A process holds one registered name: unregister it first.',
  },
  E_RECEIVE_BUSY: {
    what: 'The process {pid} is already waiting in receive().',
    todo: 'Await one receive() before you start the next.',
  },
  E_RECEIVE_TIMEOUT: {
    what: 'No matching message within {timeoutMs} ms.',
    todo: 'Give receive() a longer timeoutMs, or catch this error where waiting is optional.',
  },
  E_REF_INVALID: {
    what: '{ref} is not a ref.',
    todo: 'Give what monitor, startTimer or alias has returned.',
  },
  E_ROOT_EXIT: {
    what: 'The root process of {node} lives as long as its node, and traps exits.',
    todo: 'To end the node, call node.stop(); to end a process by itself, spawn one.',
  },
  E_RPC_FAILED: {
    what: 'The function {name} failed on {node}: {problem}.',
    todo: 'Mend the function there, or what it was given; its own stack is in the field remote.',
  },
  E_RPC_INVALID: {
    what: 'This is no call of a function on {node}: {problem}.',
    todo: 'Give the name of an exposed function and the list of its arguments.',
  },
  E_RPC_OVERLOADED: {
    what: 'The node {node} runs as many functions for others as it may, so it did not run {name}.',
    todo: 'Try again later, or see which functions of that node never return.',
  },
  E_RPC_UNKNOWN: {
    what: 'The node {node} exposes no function {name}.',
    todo: 'Expose it there with node.expose, or correct the name.',
  },
  E_SERVER_CALLBACK: {
    what: 'The server {server} has no {callback} for what it was sent.',
    todo: 'Write {callback} in the class, or do not send it this.',
  },
  E_SIGNAL_INVALID: {
    what: 'The node {node} sent what is not a signal: {problem}.',
    todo: 'Run the same version of Barrel Actors on both nodes; the channel was closed.',
  },
  E_SPAWN_INVALID: {
    what: 'The value {body} cannot be spawned.',
    todo: 'Give spawn a function of self, or a class that extends GenServer.',
  },
  E_START_FAILED: {
    what: 'The server {server} did not start: {reason}.',
    todo: 'Mend what its init ran into; the cause is in the reason.',
  },
  E_START_TIMEOUT: {
    what: 'The init of {server} took longer than {timeoutMs} ms, so the server was killed.',
    todo: 'Give start a longer timeoutMs, or leave the slow part to handleContinue.',
  },
  E_STATE_UNKNOWN: {
    what: 'The machine {machine} has no state {state}.',
    todo: 'Give it a function in states, or correct the name.',
  },
  E_TRANSITION_INVALID: {
    what: 'What was returned in state {state} cannot be done: {problem}.',
    todo: 'Return nothing, this.nextState(…), this.keepState(…) or stop(…), with actions that fit the event.',
  },
  E_TASK_EXIT: {
    what: 'The task {pid} ended without a result: {reason}.',
    todo: 'Mend what it ran into, which is in the reason and the cause, or catch this error where it is awaited.',
  },
  E_TERM_INVALID: {
    what: 'The bytes are not a term that may be read: {problem}.',
    todo: 'Give what was encoded as a term, whole; the bounds of a message are options of the node.',
  },
  E_TASK_TIMEOUT: {
    what: 'The task {pid} had no result within {timeoutMs} ms, so it was killed.',
    todo: 'Give it a longer timeoutMs, or less to do.',
  },
  E_VIA_READ_ONLY: {
    what: 'The name {name} cannot be registered by {via}: its extension only looks names up.',
    todo: 'Register it in the way that the extension documents.',
  },
  E_VIA_UNKNOWN: {
    what: 'No extension resolves names by {via}.',
    todo: 'Install the extension that provides {via}, or send to a pid.',
  },
} as const satisfies CodeTable

export type RuntimeCode = keyof typeof codes

/** Makes a runtime error. */
export const runtimeError: (code: RuntimeCode, fields?: ErrorFields, cause?: unknown) => BarrelError = errorsOf(codes)
