/** The commands and flags of the command line. What they do is in files that are loaded when they run. */

import { isIP } from 'node:net'
import { parseAddress } from '@barrel-actors/runtime'
import { Command, CommanderError } from 'commander'
import { commandLineError } from '../errors.ts'
import type { SignOptions } from './cluster.ts'
import type { ClusterFlags } from './cluster-flags.ts'
import type { KeysCommand, KeysOptions } from './keys.ts'
import { watchdogSeconds } from './watchdog.ts'

export interface StartOptions extends ClusterFlags {
  readonly name: string
  readonly port: number
  readonly bind?: string
  readonly data?: string
  readonly join: readonly string[]
  readonly strict?: boolean
  /** Seconds. */
  readonly watchdog?: number
}

export interface ReplOptions extends ClusterFlags {
  readonly join: readonly string[]
  readonly name?: string
  readonly bind?: string
  readonly data?: string
  readonly eval?: string
}

/** What the commands run; each resolves to the exit code. */
export interface Actions {
  start(module: string | undefined, options: StartOptions): Promise<number>
  repl(options: ReplOptions): Promise<number>
  newCluster(file: string): Promise<number>
  showCluster(file: string): Promise<number>
  signCertificate(options: SignOptions): Promise<number>
  keys(command: KeysCommand, options: KeysOptions): Promise<number>
}

/** The program, which calls one of the actions when it parses a command. */
export function createProgram(version: string, actions: Actions, done: (exitCode: number) => void): Command {
  const program = new Command('barrel-actors')
    .description("Erlang's processes for Node.js: run a node, or talk to one.")
    .version(version)
    .exitOverride()
    // Errors are printed by whoever runs the program, in the form of all our errors.
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', '\nExit codes: 0 fine, 1 the thing failed, 2 wrong use.')
  addStart(program, actions, done)
  addRepl(program, actions, done)
  addCluster(program, actions, done)
  addKeys(program, actions, done)
  return program
}

function addStart(program: Command, actions: Actions, done: (exitCode: number) => void): void {
  program
    .command('start')
    .description('Run a node in the foreground, until Ctrl-C.')
    .argument('[module]', 'a .js or .mjs file to load; its default export, a function, is given the node')
    .option('--name <name@host>', 'the name of the node', 'node@127.0.0.1')
    .option('--port <number>', 'the UDP port; 0 lets the system choose', parsePort, 9100)
    .option('--bind <ip>', 'the local IP address to listen on (default: that of the name if local, else all)', parseIP)
    .option('--data <folder>', 'keys and what else it keeps (default: data/<name>)')
    .option(
      '--join <name@host[:port]>',
      'a node by which to find the others, there or not; may be repeated',
      collect,
      [],
    )
    .option('--strict', 'trust only nodes whose keys are pinned already')
    .option('--cluster-key <file>', clusterKeyHelp)
    .option('--cluster-certificate <file>', certificateHelp)
    .option('--cluster-public-key <key>', publicKeyHelp, collectText)
    .option('--open-to-strangers', openHelp)
    .option(
      '--watchdog <seconds>',
      'end the OS process when its event loop has stood still this long, 1 to 3600 (default: never)',
      parseWatchdog,
    )
    .addHelpText('after', '\nExample:\n  barrel-actors start counter.mjs --name a@127.0.0.1 --port 9101')
    .action(async (module: string | undefined, options: StartOptions) => done(await actions.start(module, options)))
}

function addRepl(program: Command, actions: Actions, done: (exitCode: number) => void): void {
  program
    .command('repl')
    .description('Open a shell that is a node itself, and talk to other nodes from it.')
    .option('--join <name@host[:port]>', 'a node to connect to; may be repeated', collect, [])
    .option('-e, --eval <expression>', 'print what the expression gives, and exit')
    .option('--name <name@host>', 'the name of the shell (default: a new one every time)')
    .option(
      '--bind <ip>',
      'the local IP address to listen on (default: 127.0.0.1 if all joined are local, else all)',
      parseIP,
    )
    .option('--data <folder>', 'keys and history (default: barrel-actors in the configuration folder)')
    .option('--cluster-key <file>', `${clusterKeyHelp}, then cluster.key in the data folder and in this one`)
    .option('--cluster-certificate <file>', certificateHelp)
    .option('--cluster-public-key <key>', publicKeyHelp, collectText)
    .option('--open-to-strangers', openHelp)
    .addHelpText('after', '\nExample:\n  barrel-actors repl --join node@127.0.0.1')
    .action(async (options: ReplOptions) => done(await actions.repl(options)))
}

const clusterKeyHelp = 'the key of the cluster (default: the file that BARREL_CLUSTER_KEY names)'
const certificateHelp = 'what "cluster sign" made for this node, in place of the key of the cluster'
const publicKeyHelp = 'the open half of a cluster key that is accepted, in base64; may be repeated'
const openHelp = 'let in whoever reaches the port, without a cluster key'

function addCluster(program: Command, actions: Actions, done: (exitCode: number) => void): void {
  const cluster = program.command('cluster').description('Make the key of a cluster, and certificates that it signs.')
  cluster
    .command('new')
    .description('Make a cluster key. Every node of the cluster gets a copy of the file.')
    .argument('[file]', 'where to keep it', 'cluster.key')
    .action(async (file: string) => done(await actions.newCluster(file)))
  cluster
    .command('show')
    .description('Print the open half of a cluster key, and the id of the cluster.')
    .argument('[file]', 'the cluster key', 'cluster.key')
    .action(async (file: string) => done(await actions.showCluster(file)))
  cluster
    .command('sign')
    .description('Sign a certificate for a node that is not to have the cluster key.')
    .requiredOption('--name <name@host>', 'the name of the node')
    .requiredOption('--node-key <key>', 'its public key in base64, or its file node.pub')
    .option('--cluster-key <file>', 'the cluster key', 'cluster.key')
    .option('--tool', 'for a tool: a hidden node, such as a shell')
    .option('--days <number>', 'how long it lasts', parseDays, 365)
    .option('--out <file>', 'where to keep it (default: it is printed)')
    .action(async (options: SignOptions) => done(await actions.signCertificate(options)))
}

function addKeys(program: Command, actions: Actions, done: (exitCode: number) => void): void {
  const group = program.command('keys').description('Look at and change the keys of a node that does not run.')
  const add = (usage: string, description: string, commandOf: (...args: string[]) => KeysCommand) =>
    group
      .command(usage)
      .description(description)
      .option('--name <name@host>', 'the name of the node', 'node@127.0.0.1')
      .option('--data <folder>', 'its data folder (default: data/<name>)')
      .action(async (...given: unknown[]) => {
        // Commander gives the arguments, then the options, then the command.
        const options = given.at(-2) as KeysOptions
        done(await actions.keys(commandOf(...(given.slice(0, -2) as string[])), options))
      })
  add('show', 'Print its own key.', () => ({ kind: 'show' }))
  add('list', 'List the keys that it has pinned, and those that are revoked.', () => ({ kind: 'list' }))
  add('trust <peer> <key>', 'Pin the key, in base64, of a peer.', (peer = '', key = '') => ({
    kind: 'trust',
    peer,
    key,
  }))
  add('forget <peer>', 'Give up the pin of a peer.', (peer = '') => ({ kind: 'forget', peer }))
  add('revoke <peer>', 'Refuse a key for ever, by the name or the fingerprint.', (peer = '') => ({
    kind: 'revoke',
    peer,
  }))
  add('rotate', 'Make a new key, which the old one signs.', () => ({ kind: 'rotate' }))
}

function parseDays(text: string): number {
  const days = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (days >= 1 && days <= 3_650) return days
  const problem = `--days is ${text}, which is not a number from 1 to 3650`
  throw commandLineError('E_ARGUMENT_INVALID', { problem, help: 'barrel-actors cluster sign --help' })
}

/** What commander throws, as one of our errors; undefined where it only printed help or the version. */
export function translateError(error: unknown, args: readonly string[]): unknown {
  if (!(error instanceof CommanderError)) return error
  if (error.exitCode === 0) return undefined
  const help = `barrel-actors${helpful.includes(args[0] ?? '') ? ` ${args[0]}` : ''} --help`
  const text = error.message.replace(/^error: /, '')
  const named = /'(.+?)'/.exec(text)?.[1]
  const suggestion = /Did you mean (?:one of )?(.+)\?/.exec(text)?.[1] ?? `what ${help} lists`
  switch (error.code) {
    case 'commander.unknownOption':
      return commandLineError('E_FLAG_UNKNOWN', { flag: named, suggestion })
    case 'commander.unknownCommand':
      return commandLineError('E_COMMAND_UNKNOWN', { command: named, suggestion })
    default: {
      // Without a command, commander prints the help on stderr and throws this.
      const problem = error.code === 'commander.help' ? 'it names no command' : text.replace(/\.$/, '')
      return commandLineError('E_ARGUMENT_INVALID', { problem, help })
    }
  }
}

const helpful: readonly string[] = ['start', 'repl', 'cluster', 'keys']

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  const problem = `--port is ${text}, which is not a number from 0 to 65535`
  throw commandLineError('E_ARGUMENT_INVALID', { problem, help: 'barrel-actors start --help' })
}

function parseWatchdog(text: string): number {
  const { min, max } = watchdogSeconds
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (seconds >= min && seconds <= max) return seconds
  const problem = `--watchdog is ${text}, which is not a whole number of seconds from ${min} to ${max}`
  throw commandLineError('E_ARGUMENT_INVALID', { problem, help: 'barrel-actors start --help' })
}

function parseIP(text: string): string {
  if (isIP(text) !== 0) return text
  const problem = `--bind is ${text}, which is not an IP address`
  throw commandLineError('E_ARGUMENT_INVALID', { problem, help: 'barrel-actors --help' })
}

function collectText(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

function collect(address: string, before: readonly string[]): readonly string[] {
  // Checked here, so that a typing error leaves nothing on disk.
  parseAddress(address)
  return [...before, address]
}
