import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { run } from '../support/process.js'
import { REPOSITORY } from '../support/repository.js'

const BUNDLE = join(REPOSITORY, 'script/bundle')
const USAGE = 'script/bundle [--deb] [--arch ARCH] [DIRECTORY]'
const ARCHITECTURES = [...new Set([process.arch, 'arm64'])].join(' and ')
const KNOWN = `--arch takes ${ARCHITECTURES} on this machine: script/bundle --arch arm64`

test.each([
  [['--arch'], '--arch takes an architecture', KNOWN],
  [['--arch', 's390'], "cannot build for the architecture 's390'", KNOWN],
  [['--arch='], "cannot build for the architecture ''", KNOWN],
  [['--deb', '--arch', 'amd64'], "cannot build for the architecture 'amd64'", KNOWN],
  [['--architecture'], 'no such option: --architecture', USAGE],
  [['one', 'two'], 'a second directory: two', USAGE],
])('script/bundle %j is refused with a hint', async (args, what, hint) => {
  const { status, stdout, stderr } = await run([BUNDLE, ...args])
  expect([status, stdout, stderr]).toEqual([1, '', `error: ${what}\nhint: ${hint}\n`])
})

test('without the cross compiler, the hint is the command that installs it', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'tcpconn-path-'))
  onTestFinished(() => rmSync(bin, { recursive: true }))
  for (const name of ['bash', 'dirname']) symlinkSync(join('/usr/bin', name), join(bin, name))
  const { status, stderr } = await run([join(REPOSITORY, 'script/prepare-arch'), 'arm64'], { env: { PATH: bin } })
  const hint = 'sudo script/bootstrap --arm64'
  expect([status, stderr]).toEqual([1, `error: there is no compiler for arm64: aarch64-linux-gnu-g++\nhint: ${hint}\n`])
})

test('docs/install.md shows how packages for arm64 are made, and the script explains its options', () => {
  expect(readFileSync(join(REPOSITORY, 'docs/install.md'), 'utf8')).toContain('script/bundle --deb --arch arm64')
  const [header = ''] = readFileSync(BUNDLE, 'utf8').split('\nset -')
  for (const option of ['[--deb]', '--arch arm64']) expect(header).toContain(option)
})

test('script/image passes the architecture on, and docs/kubernetes.md shows the option', async () => {
  const { status, stderr } = await run([join(REPOSITORY, 'script/image'), '--arch', 'mips'])
  expect([status, stderr]).toEqual([1, `error: cannot build for the architecture 'mips'\nhint: ${KNOWN}\n`])
  expect(readFileSync(join(REPOSITORY, 'docs/kubernetes.md'), 'utf8')).toContain('script/image --arch arm64')
})
