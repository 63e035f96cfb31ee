import { homedir } from 'node:os'
import { expect, test } from 'vitest'
import { configFolder } from './config-folder.ts'

test('the folder is where the system keeps configuration', () => {
  expect(configFolder({ XDG_CONFIG_HOME: '/etc/me' })).toBe('/etc/me/barrel-actors')
  expect(configFolder({})).toBe(`${homedir()}/.config/barrel-actors`)
  expect(configFolder({ XDG_CONFIG_HOME: 'relative' })).toBe(`${homedir()}/.config/barrel-actors`)
})
