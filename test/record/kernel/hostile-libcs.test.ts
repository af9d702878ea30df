import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readMappedLibcs } from '../../../src/record/host/find-libcs.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { withHosts } from '../../support/hosts.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { connectFromNode } from '../../support/node-client.js'
import { firstOutput } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { onlyConnectOf } from '../../support/trace.js'
import { startWorkload } from '../../support/workload.js'

describeKernel('--dns=libc with mapped files that are only named like a libc', () => {
  test('files that are not libraries, truncated ones, and ones with flipped bits: the real libc is still found (SEC-33)', async () => {
    const libc = readLibc()
    const random = createRandom(7)
    const flipped = Array.from({ length: 12 }, () => flipBits(libc, random))
    const files = [Buffer.from('words'), Buffer.alloc(8192, 0x7f), libc.subarray(0, libc.length / 2), ...flipped]
    for (const content of files) await mapAsLibc(content)
    await expectNames()
  })

  test('a FIFO at the path of a libc, in a mount namespace: the recorder does not block (SEC-36)', async () => {
    const { pid, path } = await mapAsLibc(readLibc(), ['unshare', '--mount'])
    const fifo = join(makeTemporaryDirectory(), 'fifo')
    execFileSync('mkfifo', [fifo])
    execFileSync('nsenter', ['--target', `${pid}`, '--mount', 'mount', '--bind', fifo, path])
    await expectNames()
  })
})

/** Maps a file with this content, named like a libc, until the test ends. */
async function mapAsLibc(content: Uint8Array, under: readonly string[] = []): Promise<{ pid: number; path: string }> {
  const path = join(makeTemporaryDirectory(), 'libc.so.6')
  writeFileSync(path, content)
  const running = startWorkload('map-file', [path], { under })
  await firstOutput(running)
  return { pid: running.pid, path }
}

async function expectNames(): Promise<void> {
  const under = withHosts(['127.77.0.1 db.internal'])
  const { file, result } = await recordWhile({ args: ['--dns=libc'] }, () => connectFromNode('db.internal', 80, under))
  expect(onlyConnectOf(file, result.pid)).toMatchObject({ dns_name: 'db.internal' })
}

/** The libc of this process. */
function readLibc(): Buffer {
  const [libc] = readMappedLibcs(readFileSync('/proc/self/maps', 'utf8'))
  return readFileSync(libc?.path ?? '')
}

/** Flips bits in the header, in the section headers at the end, or anywhere. */
function flipBits(content: Buffer, random: () => number): Buffer {
  const flipped = Buffer.from(content)
  const from = [0, content.length - 4096, 0][randomInteger(random, 0, 2)] as number
  const to = from === 0 && random() < 0.5 ? 64 : content.length
  for (let i = randomInteger(random, 1, 200); i > 0; i--) {
    const at = randomInteger(random, from, to - 1)
    flipped[at] = (flipped[at] as number) ^ (1 << randomInteger(random, 0, 7))
  }
  return flipped
}
