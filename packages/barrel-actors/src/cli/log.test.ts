import { expect, test } from 'vitest'
import { terminalLog } from './log.ts'

test('warnings and errors take one line each, and nothing in them moves the cursor', () => {
  const lines: string[] = []
  const log = terminalLog(line => lines.push(line), {})
  log.debug('seen by nobody')
  log.info('seen by nobody')
  log.warn('pin forgotten', { node: 'a@h\n\u001b[2J', tries: 3, list: ['x'] })
  log.error('broken')
  expect(lines).toEqual([
    "barrel-actors: warning: pin forgotten node=a@h \\x1b[2J tries=3 list=[ 'x' ]\n",
    'barrel-actors: error: broken\n',
  ])
})

test('DEBUG shows everything', () => {
  const lines: string[] = []
  terminalLog(line => lines.push(line), { DEBUG: '1' }).debug('detail')
  expect(lines).toEqual(['barrel-actors: debug: detail\n'])
})
