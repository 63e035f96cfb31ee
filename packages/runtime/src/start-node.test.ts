import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from './clock/system-clock.ts'
import { type Extension, type ExtensionKey, extensionKey, type Host } from './extension.ts'
import type { Node } from './node.ts'
import { startNode } from './start-node.ts'

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'barrel-start-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

function noting(log: string[]) {
  return (
    name: string,
    more: Partial<Extension> & { fails?: 'install' | 'stop'; key?: ExtensionKey<unknown> } = {},
  ) => {
    const extension: Extension = {
      key: more.key ?? extensionKey(name),
      needs: more.needs ?? [],
      async install(host) {
        log.push(`install ${name}`)
        if (more.fails === 'install') throw new Error(`${name} failed`)
        const seen = more.needs?.map(key => host.extension(key))
        const stop = async () => {
          log.push(`stop ${name}`)
          if (more.fails === 'stop') throw new Error(`${name} failed to stop`)
        }
        return { api: { name, seen }, stop }
      },
    }
    return extension
  }
}

const refused = (code: string, fields?: object) => ({ code, ...(fields === undefined ? {} : { fields }) })

test('a node without a name is nonode@nohost', async () => {
  await using node = await startNode()
  expect([node.name, node.nodes(), node.registeredNames()]).toEqual(['nonode@nohost', [], []])
})

test('a bad name and a bad address are refused', async () => {
  await expect(startNode({ name: '../etc@host' })).rejects.toMatchObject(refused('E_NODE_NAME_INVALID'))
  await expect(startNode({ addresses: ['a@h:0'] })).rejects.toMatchObject(refused('E_ADDRESS_INVALID'))
})

test('extensions are installed in the order given and stopped in reverse', async () => {
  const log: string[] = []
  const make = noting(log)
  {
    await using node = await startNode({ extensions: [make('one'), make('two'), make('three')] })
    expect(node.isStopping).toBe(false)
  }
  expect(log).toEqual(['install one', 'install two', 'install three', 'stop three', 'stop two', 'stop one'])
})

test('an extension gets what it needs from those before it, and the node offers what each offers', async () => {
  const make = noting([])
  const base = make('base')
  const top = make('top', { needs: [base.key] })
  await using node = await startNode({ extensions: [base, top] })
  expect(node.extension(top.key)).toEqual({ name: 'top', seen: [{ name: 'base', seen: undefined }] })
  const missing = extensionKey('missing')
  expect(() => node.extension(missing)).toThrow(expect.objectContaining(refused('E_EXTENSION_MISSING')))
})

test('an extension whose need is not there, or comes later, keeps the node from starting', async () => {
  const log: string[] = []
  const make = noting(log)
  const base = make('base')
  const top = make('top', { needs: [base.key] })
  for (const extensions of [[top], [make('other'), top, base]]) {
    await expect(startNode({ extensions })).rejects.toMatchObject(
      refused('E_EXTENSION_MISSING', { extension: 'top', needs: 'base' }),
    )
  }
  expect(log).toEqual(['install other', 'stop other'])
})

test('an extension given twice is refused', async () => {
  const log: string[] = []
  const twice = noting(log)('twice')
  await expect(startNode({ extensions: [twice, twice] })).rejects.toMatchObject(refused('E_EXTENSION_INVALID'))
  expect(log).toEqual(['install twice', 'stop twice'])
})

test('an install that fails stops those before it, in reverse, and its error is the one that is seen', async () => {
  const log: string[] = []
  const make = noting(log)
  const extensions = [make('one'), make('two', { fails: 'stop' }), make('three', { fails: 'install' }), make('four')]
  await expect(startNode({ extensions })).rejects.toThrow('three failed')
  expect(log).toEqual(['install one', 'install two', 'install three', 'stop two', 'stop one'])
})

test('an extension that fails to stop does not keep the others from it, and stop says so', async () => {
  const log: string[] = []
  const make = noting(log)
  const node = await startNode({ extensions: [make('one'), make('two', { fails: 'stop' }), make('three')] })
  await expect(node.stop()).rejects.toThrow('two failed to stop')
  expect(log.slice(3)).toEqual(['stop three', 'stop two', 'stop one'])
  expect(node.alive).toBe(false)
})

test('before its processes end, the node tells its extensions, the last one first, whatever becomes of the others', async () => {
  const log: string[] = []
  const node = await startNode({
    extensions: ['one', 'two', 'three'].map(name => ({
      key: extensionKey(name),
      install: async ({ node }: Host) => ({
        api: undefined,
        stopping: () => {
          log.push(`${name} ${node.isStopping} ${node.processInfo(pid) !== undefined}`)
          if (name === 'two') throw new Error('two has nothing to say')
        },
        stop: async () => void log.push(`stop ${name} ${node.processInfo(pid) !== undefined}`),
      }),
    })),
  })
  const pid = node.spawn(async self => void (await self.receive()))
  await expect(node.stop()).rejects.toThrow('two has nothing to say')
  expect(log.slice(0, 3)).toEqual(['three true true', 'two true true', 'one true true'])
  expect(log.slice(3)).toEqual(['stop three false', 'stop two false', 'stop one false'])
})

test('leaving the block of await using stops the node', async () => {
  let left: Node
  {
    await using node = await startNode({ name: 'a@host' })
    left = node
    expect(left.isStopping).toBe(false)
  }
  expect([left.isStopping, left.alive]).toEqual([true, false])
})

test('stop is one stop, however often it is called', async () => {
  const log: string[] = []
  const node = await startNode({ extensions: [noting(log)('one')] })
  await Promise.all([node.stop(), node.stop()])
  await node.stop()
  expect(log).toEqual(['install one', 'stop one'])
})

test('a stop ends every process with shutdown, and what runs at their end starts none and stops nothing twice', async () => {
  const log: string[] = []
  const node = await startNode({ extensions: [noting(log)('one')] })
  const attempts: unknown[] = []
  const pid = node.spawn(async self => {
    self.signal.addEventListener('abort', () => {
      attempts.push(node.isStopping, node.stop())
      try {
        node.spawn(() => attempts.push('started'))
      } catch (error) {
        attempts.push((error as { code: string }).code)
      }
    })
    self.send(self.node.pid, 'ready')
    await self.receive()
  })
  expect(await node.receive()).toBe('ready')
  const call = node.call(pid, 'pending').catch(error => error.fields.exit)
  const stopped = node.stop()
  await stopped
  expect(await call).toBe('shutdown')
  expect(attempts).toEqual([true, stopped, 'E_NODE_STOPPED'])
  expect(log).toEqual(['install one', 'stop one'])
  expect(() => node.spawn(() => {})).toThrow(expect.objectContaining(refused('E_NODE_STOPPED')))
})

test('without a folder the creation is the second of the start', async () => {
  await using node = await startNode({ name: 'dated@test', clock: { ...systemClock, wall: () => 1_234_567 } })
  expect(node.creation).toBe(1234)
})

test('the creation grows with every start on the same folder, whatever the clock says', async () => {
  const creations: number[] = []
  for (const wall of [5_000_000, 5_000_000, 1000, 9_000_000, 0]) {
    await using node = await startNode({ dataDir, clock: { ...systemClock, wall: () => wall } })
    creations.push(node.creation)
  }
  expect(creations).toEqual([5000, 5001, 5002, 9000, 9001])
  expect(await readFile(join(dataDir, 'creation'), 'utf8')).toBe('9001\n')
})

test.each(['', 'x', '12x', '-5', '1e9', '9'.repeat(16), '9'.repeat(65), '\u0000\u0000'])(
  'a creation file that holds %j is refused and left as it is',
  async content => {
    const path = join(dataDir, 'creation')
    await writeFile(path, content)
    await expect(startNode({ dataDir })).rejects.toMatchObject({ code: 'E_CREATION_UNREADABLE', fields: { path } })
    expect(await readFile(path, 'utf8')).toBe(content)
  },
)
