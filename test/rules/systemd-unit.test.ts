import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type TestContext } from 'vitest'
import { REPOSITORY } from '../support/repository.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'

const UNIT = join(REPOSITORY, 'systemd/tcpconn.service')
const TEXT = readFileSync(UNIT, 'utf8')

/** What systemd says of a unit; nothing when it takes all of it. */
function verify(unit: string, context: TestContext): string {
  const { error, stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' })
  if (error) context.skip('systemd-analyze is missing: apt-get install systemd')
  return `${stderr}${status === 0 ? '' : `status ${status}`}`
}

test('systemd takes the unit as it is', (context) => {
  expect(verify(UNIT, context)).toBe('')
})

test('and would say so if it did not', (context) => {
  const unit = join(makeTemporaryDirectory(), 'tcpconn.service')
  writeFileSync(unit, TEXT.replace('ProtectSystem=strict', 'ProtectSystem=stricter\nProtectEverything=yes'))
  expect(verify(unit, context)).toMatch(/stricter[\s\S]*ProtectEverything/)
})

test('the unit waits for readiness, is watched, and may restart after an error alone', () => {
  for (const line of ['Type=notify', 'WatchdogSec=30s', 'Restart=on-failure', 'StateDirectory=tcpconn']) {
    expect(TEXT).toContain(`\n${line}\n`)
  }
})

test('it is part of the package, and docs/service.md names each capability', () => {
  const { files } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { files: string[] }
  expect(files).toContain('systemd')
  const page = readFileSync(join(REPOSITORY, 'docs/service.md'), 'utf8')
  const [, capabilities = ''] = /^CapabilityBoundingSet=(.+)$/m.exec(TEXT) ?? []
  expect(capabilities).not.toBe('')
  for (const capability of capabilities.split(' ')) expect(page).toContain(capability)
})
