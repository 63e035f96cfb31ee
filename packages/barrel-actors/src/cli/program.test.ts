import { describe, expect, test } from 'vitest'
import { errorText, exitCodeOf } from './print-error.ts'
import { type Actions, createProgram, translateError } from './program.ts'

/** Parses a command line; the actions note what they were given and exit with 7. */
async function parse(...args: string[]) {
  const called: unknown[] = []
  let printed = ''
  let exitCode = 0
  const action =
    (name: string) =>
    async (...given: unknown[]) => {
      called.push(name, ...given)
      return 7
    }
  const names = ['start', 'repl', 'newCluster', 'showCluster', 'signCertificate', 'keys'] as const
  const actions = Object.fromEntries(names.map(name => [name, action(name)])) as unknown as Actions
  const program = createProgram('1.2.3', actions, code => {
    exitCode = code
  })
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.configureOutput({
      writeOut: text => {
        printed += text
      },
      writeErr: () => {},
    })
  }
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (thrown) {
    const error = translateError(thrown, args)
    return { called, printed, error: error === undefined ? '' : errorText(error, {}), exitCode: exitCodeOf(error) }
  }
  return { called, printed, error: '', exitCode }
}

test('start without anything is a node on this machine at the usual port', async () => {
  const { called, exitCode } = await parse('start')
  expect(called).toEqual(['start', undefined, { name: 'node@127.0.0.1', port: 9100, join: [] }])
  expect(exitCode).toBe(7)
})

test('start takes a module and every flag, contacts more than once', async () => {
  const flags = [
    '--name',
    'a@10.0.0.1',
    '--port',
    '0',
    '--bind',
    '10.0.0.1',
    '--data',
    'd',
    '--strict',
    '--watchdog',
    '30',
  ]
  const { called } = await parse('start', 'app.mjs', ...flags, '--join', 'b@10.0.0.2', '--join', 'c@10.0.0.3:9101')
  expect(called).toEqual([
    'start',
    'app.mjs',
    {
      name: 'a@10.0.0.1',
      port: 0,
      bind: '10.0.0.1',
      data: 'd',
      strict: true,
      watchdog: 30,
      join: ['b@10.0.0.2', 'c@10.0.0.3:9101'],
    },
  ])
})

test('repl takes seeds and an expression', async () => {
  const { called } = await parse('repl', '--join', 'a@h', '--join', 'b@h:1', '-e', 'nodes()', '--name', 'me@h')
  expect(called).toEqual(['repl', { join: ['a@h', 'b@h:1'], eval: 'nodes()', name: 'me@h' }])
  expect((await parse('repl')).called).toEqual(['repl', { join: [] }])
})

test('cluster and keys take what they work on, and have defaults', async () => {
  expect((await parse('cluster', 'new')).called).toEqual(['newCluster', 'cluster.key'])
  expect((await parse('cluster', 'show', 'k')).called).toEqual(['showCluster', 'k'])
  const { called } = await parse('cluster', 'sign', '--name', 'a@h', '--node-key', 'k', '--tool', '--days', '7')
  const options = { name: 'a@h', nodeKey: 'k', tool: true, days: 7, clusterKey: 'cluster.key' }
  expect(called).toEqual(['signCertificate', options])
  const node = { name: 'node@127.0.0.1' }
  expect((await parse('keys', 'list')).called).toEqual(['keys', { kind: 'list' }, node])
  expect((await parse('keys', 'trust', 'b@h', 'k', '--data', 'd')).called).toEqual([
    'keys',
    { kind: 'trust', peer: 'b@h', key: 'k' },
    { ...node, data: 'd' },
  ])
  expect((await parse('keys', 'revoke', 'b@h')).called).toEqual(['keys', { kind: 'revoke', peer: 'b@h' }, node])
})

test('help and version are no errors', async () => {
  expect((await parse('--version')).printed).toBe('1.2.3\n')
  const { printed, error } = await parse('start', '--help')
  expect(printed).toContain('--join <name@host[:port]>')
  expect(error).toBe('')
})

describe('wrong use is one line, with the exit code 2:', () => {
  test.each([
    [['start', '--prot', '1'], 'E_FLAG_UNKNOWN There is no flag --prot. Use --port.'],
    [['repl', '--frob'], 'E_FLAG_UNKNOWN There is no flag --frob. Use what barrel-actors repl --help lists.'],
    [['strat'], 'E_COMMAND_UNKNOWN There is no command strat. Use start.'],
    [[], 'E_ARGUMENT_INVALID The command line cannot be read: it names no command. See barrel-actors --help.'],
    [['start', '--port', '70000'], /E_ARGUMENT_INVALID .*--port is 70000, which is not a number from 0 to 65535/],
    [['start', '--port'], /E_ARGUMENT_INVALID .*'--port <number>' argument missing. See barrel-actors start --help/],
    [['start', '--watchdog', '0'], /--watchdog is 0, which is not a whole number of seconds from 1 to 3600/],
    [['start', '--watchdog', '3601'], /--watchdog is 3601, which is not a whole number of seconds from 1 to 3600/],
    [['start', '--watchdog', '1.5'], /--watchdog is 1\.5, which is not a whole number of seconds from 1 to 3600/],
    [['start', '--watchdog', '1e3'], /--watchdog is 1e3, which is not a whole number of seconds from 1 to 3600/],
    [['start', '--bind', 'eth0'], /E_ARGUMENT_INVALID .*--bind is eth0, which is not an IP address/],
    [['start', 'a.mjs', 'b.mjs'], /E_ARGUMENT_INVALID .*too many arguments for 'start'/],
    [['start', '--join', 'nobody'], /E_NODE_NAME_INVALID The node name nobody is not valid/],
    [['repl', '--join', 'a@h:99999'], /E_ADDRESS_INVALID The address a@h:99999 is not/],
  ])('%j', async (args, expected) => {
    const { called, error, exitCode } = await parse(...args)
    expect(called).toEqual([])
    if (typeof expected === 'string') expect(error).toBe(`barrel-actors: ${expected}\n`)
    else expect(error).toMatch(expected)
    expect(error.trimEnd()).not.toContain('\n')
    expect(exitCode).toBe(2)
  })
})
