// Installs and builds when there is something to install or build. All output goes to stderr.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { node, npm, root } from './child.mjs'

/** @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean }} Entry */
/** @typedef {Record<string, Entry>} Entries */

/** Brings node_modules to what package-lock.json says. Resolves to whether it is there. */
export async function install() {
  if (isInstalled()) return true
  console.error('Installing the dependencies (npm ci).')
  return (await npm(['ci', '--no-audit', '--no-fund'])) === 0
}

/** Compiles every package; incremental, so it is quick when nothing changed. Resolves to whether it compiled. */
export async function build() {
  return (await node(['node_modules/typescript/bin/tsc', '-b'], { quietStdout: true })) === 0
}

// npm leaves its own stamp: what it installed, written when it is done. It also covers an install by hand.
function isInstalled() {
  const wanted = readEntries('package-lock.json')
  const present = readEntries('node_modules/.package-lock.json')
  return wanted !== undefined && present !== undefined && isSame(wanted, present)
}

/**
 * @param {Entries} wanted
 * @param {Entries} present
 */
function isSame(wanted, present) {
  for (const path of Object.keys(present)) if (wanted[path] === undefined) return false
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) continue
    const found = present[path]
    // Binaries for other platforms are in the lock file and rightly not here.
    if (found === undefined && (entry.optional || entry.devOptional)) continue
    if (found?.version !== entry.version || found?.integrity !== entry.integrity) return false
  }
  return true
}

/**
 * @param {string} file
 * @returns {Entries | undefined}
 */
function readEntries(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages
  } catch {
    return undefined
  }
}
