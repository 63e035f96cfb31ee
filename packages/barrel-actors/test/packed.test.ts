import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { Barrel, Place } from './barrel.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The npm that belongs to this Node, where it stands beside it; otherwise the first on the path. */
async function npm(folder: string, ...args: string[]): Promise<void> {
  const cli = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js')
  const [command, before] = existsSync(cli) ? [process.execPath, [cli]] : ['npm', []]
  await promisify(execFile)(command, [...before, ...args], { cwd: folder })
}

test('packed, and installed somewhere else, it runs a node and a shell that reaches it', async () => {
  await using place = await Place.make()
  const names = ['@barrel-actors/runtime', '@barrel-actors/dist-quic', '@barrel-actors/membership', 'barrel-actors']
  await npm(root, 'pack', ...names.flatMap(name => ['--workspace', name]), '--pack-destination', place.home)
  await writeFile(join(place.folder, 'package.json'), '{ "private": true, "type": "module" }')
  const tarballs = (await readdir(place.home)).map(name => join(place.home, name))
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
  await npm(place.folder, 'install', ...quiet, ...tarballs)
  await writeFile(
    join(place.folder, 'app.js'),
    `import { register, spawn } from 'barrel-actors'
    register('echo', spawn(async self => { for await (const { from, request } of self) from.reply(request) }))
    console.log('echo is up')`,
  )
  const command = [join(place.folder, 'node_modules/.bin/barrel-actors')]
  await using node = new Barrel(['start', 'app.js', '--port', '0'], place, command)
  const [, port] = await node.until(/address .*:(\d+)/)
  await node.until(/echo is up/)
  const call = "await call({ name: 'echo', node: 'node@127.0.0.1' }, 'round and back')"
  await using shell = new Barrel(['repl', '--join', `node@127.0.0.1:${port}`, '-e', call], place, command)
  expect(await shell.ended).toEqual({ code: 0, stdout: "'round and back'\n", stderr: '' })
}, 120_000)
