// docs/wire/signals.md lists every number that goes over the wire, and no other.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { signalKind } from './signal-kind.ts'
import { tag } from './tags.ts'

const page = await readFile(new URL('../../../../docs/wire/signals.md', import.meta.url), 'utf8')

/** The numbers that begin the rows of a chapter's tables. */
function numbersIn(chapter: string): number[] {
  const text = page.split(/^## /m).find(part => part.startsWith(`${chapter}\n`)) ?? ''
  return [...text.matchAll(/^\| (\d+)\b/gm)].map(([, number]) => Number(number))
}

test('the page of the wire has every kind of signal, and no other', () => {
  expect(numbersIn('Signals')).toEqual(Object.values(signalKind).sort((a, b) => a - b))
})

test('the page of the wire has every tag, and no other', () => {
  expect(numbersIn('Values')).toEqual(Object.values(tag).sort((a, b) => a - b))
})
