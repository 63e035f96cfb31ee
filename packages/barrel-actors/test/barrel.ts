/** The command line as a child process, and folders for it to work in. */

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export const bin: string = fileURLToPath(new URL('../bin/barrel-actors.js', import.meta.url))
/** What a module in some folder imports, in place of `barrel-actors`. */
export const library: string = new URL('../dist/index.js', import.meta.url).href

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Only where a signal ended it. */
  readonly signal?: NodeJS.Signals
}

/** One run of `barrel-actors …`. */
export class Barrel {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  #stdout = ''
  #stderr = ''
  #read = 0
  /** Resolves when the OS process is gone. */
  readonly ended: Promise<Ended>

  constructor(args: readonly string[], place: Place, command: readonly string[] = [bin]) {
    this.#child = spawn(process.execPath, [...command, ...args], {
      cwd: place.folder,
      env: { ...process.env, HOME: place.home, XDG_CONFIG_HOME: '', NO_COLOR: '', DEBUG: '' },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child.stdout.on('data', chunk => {
      this.#stdout += String(chunk)
    })
    this.#child.stderr.on('data', chunk => {
      this.#stderr += String(chunk)
    })
    // A child that is gone does not read what the test still types.
    this.#child.stdin.on('error', () => {})
    this.ended = once(this.#child, 'close').then(([code, signal]) => {
      return { code, stdout: this.#stdout, stderr: this.#stderr, ...(signal !== null && { signal }) }
    })
  }

  type(...lines: string[]): this {
    this.#child.stdin.write(lines.map(line => `${line}\n`).join(''))
    return this
  }

  /** Closes our end of its output, as a terminal that goes does. */
  stopReading(): this {
    this.#child.stdout.destroy()
    return this
  }

  endInput(): this {
    this.#child.stdin.end()
    return this
  }

  kill(signal: NodeJS.Signals): this {
    this.#child.kill(signal)
    return this
  }

  /** Waits for text on stdout, beyond what was waited for before; fails when the process ends without it. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#stdout.slice(this.#read))
      if (found !== null) {
        this.#read += found.index + found[0].length
        return found
      }
      if (this.#child.stdout.closed) throw new Error(`ended without ${pattern}:\n${this.#stdout}${this.#stderr}`)
      await Promise.race([once(this.#child.stdout, 'data'), once(this.#child.stdout, 'close')])
    }
  }

  /** Waits for text on stderr, anywhere. */
  async untilError(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#stderr)) {
      if (this.#child.stderr.closed) throw new Error(`ended without ${pattern}:\n${this.#stdout}${this.#stderr}`)
      await Promise.race([once(this.#child.stderr, 'data'), once(this.#child.stderr, 'close')])
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }
}

/** A folder to work in and a home, both temporary. */
export class Place {
  readonly folder: string
  readonly home: string

  constructor(root: string) {
    this.folder = join(root, 'work')
    this.home = join(root, 'home')
  }

  static async make(): Promise<Place> {
    const place = new Place(await mkdtemp(join(tmpdir(), 'barrel-actors-')))
    await mkdir(place.folder)
    await mkdir(place.home)
    return place
  }

  start(...args: string[]): Barrel {
    return new Barrel(['start', ...args], this)
  }

  repl(...args: string[]): Barrel {
    return new Barrel(['repl', ...args], this)
  }

  /** Runs it to its end, with nothing on stdin. */
  run(...args: string[]): Promise<Ended> {
    return new Barrel(args, this).endInput().ended
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, name), text)
  }

  /** Every file below the working folder, sorted. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true })
    const files = entries.filter(entry => !entry.isDirectory())
    return files.map(entry => join(entry.parentPath, entry.name).slice(this.folder.length + 1)).sort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(join(this.folder, '..'), { recursive: true, force: true })
  }
}

/** A counter server under the name `counter`, as a module for `start`. */
export const counterModule = `
import { GenServer, register, spawn } from '${library}'

class Counter extends GenServer {
  #count = 5

  handleCall({ add }) {
    this.#count += add
    return this.#count
  }
}

register('counter', spawn(Counter))
console.log('counter is up')
`
