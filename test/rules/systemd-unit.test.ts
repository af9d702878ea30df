import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type TestContext } from 'vitest'
import { REPOSITORY } from '../support/repository.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'

const UNIT = join(REPOSITORY, 'systemd/tcpconn.service')
const TEXT = readFileSync(UNIT, 'utf8')

/** The complaints of systemd-analyze about a unit; empty if it accepts everything. */
function verify(unit: string, context: TestContext): string {
  const { error, stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' })
  if (error) context.skip('systemd-analyze is missing: apt-get install systemd')
  return `${stderr}${status === 0 ? '' : `status ${status}`}`
}

test('systemd accepts the unit', (context) => {
  expect(verify(UNIT, context)).toBe('')
})

test('systemd reports an invalid unit', (context) => {
  const unit = join(makeTemporaryDirectory(), 'tcpconn.service')
  writeFileSync(unit, TEXT.replace('ProtectSystem=strict', 'ProtectSystem=stricter\nProtectEverything=yes'))
  expect(verify(unit, context)).toMatch(/stricter[\s\S]*ProtectEverything/)
})

test('the unit waits for readiness, has a watchdog, and restarts after every error', () => {
  const restart = ['Restart=on-failure', 'StartLimitIntervalSec=0']
  for (const line of ['Type=notify', 'WatchdogSec=30s', 'StateDirectory=tcpconn', ...restart]) {
    expect(TEXT).toContain(`\n${line}\n`)
  }
})

test('the unit is in the package, and docs/service.md names each capability', () => {
  const { files } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { files: string[] }
  expect(files).toContain('systemd')
  const page = readFileSync(join(REPOSITORY, 'docs/service.md'), 'utf8')
  const [, capabilities = ''] = /^CapabilityBoundingSet=(.+)$/m.exec(TEXT) ?? []
  expect(capabilities).not.toBe('')
  for (const capability of capabilities.split(' ')) expect(page).toContain(capability)
})

test('the unit is installed from the same package as everything else', () => {
  const [service, install] = ['service', 'install'].map((name) =>
    readFileSync(join(REPOSITORY, `docs/${name}.md`), 'utf8'),
  )
  const lines = service?.match(/^sudo (npm install|tar) .*$/gm) ?? []
  expect(lines).toHaveLength(2)
  expect(install?.split('\n')).toContain(lines[0])
  expect(lines[1]).toContain(/^sudo tar -xzf \S+/m.exec(install ?? '')?.[0])
})
