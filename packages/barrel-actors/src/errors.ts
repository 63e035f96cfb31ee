/** What can go wrong on the command line, each with what to do about it. Listed in `docs/errors.md`. */

import { type BarrelError, type CodeTable, type ErrorFields, errorsOf } from '@barrel-actors/runtime'

/** The codes of the command line. */
export const codes = {
  E_ARGUMENT_INVALID: {
    what: 'The command line cannot be read: {problem}.',
    todo: 'See {help}.',
  },
  E_COMMAND_UNKNOWN: {
    what: 'There is no command {command}.',
    todo: 'Use {suggestion}.',
  },
  E_EVENT_LOOP_STALLED: {
    what: 'The event loop has stood still for {seconds} s, and the watchdog ended the OS process.',
    todo: 'Look for a loop or a synchronous call that takes so long, or give --watchdog more seconds.',
  },
  E_DATA_MISSING: {
    what: 'There is no data folder {path}.',
    todo: 'Give the name of the node with --name, and its folder with --data where it was started with one.',
  },
  E_FILE_EXISTS: {
    what: 'The file {path} is there already.',
    todo: 'Choose another name, or move the file away once nothing uses it any more.',
  },
  E_FLAG_UNKNOWN: {
    what: 'There is no flag {flag}.',
    todo: 'Use {suggestion}.',
  },
  E_MODULE_FAILED: {
    what: 'The module {path} threw when it was given the node: {problem}.',
    todo: 'Mend the module; DEBUG=1 shows the whole stack.',
  },
  E_MODULE_UNLOADABLE: {
    what: 'The module {path} cannot be loaded: {problem}.',
    todo: 'Give the path of a .js or .mjs file that Node itself can import; DEBUG=1 shows the whole stack.',
  },
  E_UNCAUGHT: {
    what: 'Nobody caught an error: {problem}.',
    todo: 'Catch it where it comes from; DEBUG=1 shows the whole stack.',
  },
} as const satisfies CodeTable

export type CommandLineCode = keyof typeof codes

/** Makes an error of the command line. */
export const commandLineError: (code: CommandLineCode, fields?: ErrorFields, cause?: unknown) => BarrelError =
  errorsOf(codes)
