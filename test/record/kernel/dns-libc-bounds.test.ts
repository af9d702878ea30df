import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MAX_LIBCS } from '../../../src/record/host/hold-libcs.js'
import { requireLibcMachine } from '../../../src/record/host/libc-machine.js'
import { NO_RECORD_FILTERS, type ProbeOptions } from '../../../src/record/options/record-options.js'
import { loadProbe } from '../../../src/record/probe/load-probe.js'
import { withHosts } from '../../support/hosts.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { connectFromNode } from '../../support/node-client.js'
import { firstOutput } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { onlyConnectOf, queryTrace } from '../../support/trace.js'
import { connect, runWorkload, startWorkload } from '../../support/workload.js'
import { makeLibc } from '../host/make-libc.js'
import { openHostView } from '../../../src/record/host/host-view.js'

const LIBC = { args: ['--dns=libc'] }
const PLAIN: ProbeOptions = {
  filters: NO_RECORD_FILTERS,
  host: openHostView(),
  followsCommand: false,
  dnsSource: null,
  dnsPorts: [53],
  localErrors: false,
  nat: false,
}

/** Offset at which the section header in a file of `makeLibc` has the start of the code. */
const CODE_OFFSET_AT = 64 + 64 + 24

/**
 * Starts one process that maps many files that look like libcs of this machine. Their code is beyond their end, so the
 * kernel refuses to attach to it: detaching from hundreds of functions takes the kernel a minute.
 */
async function mapAsLibcs(count: number): Promise<void> {
  const directory = makeTemporaryDirectory()
  const paths = Array.from({ length: count }, (_, i) => join(directory, `ld-musl-${i}.so.1`))
  const libc = makeLibc(requireLibcMachine())
  libc.writeBigUInt64LE(1n << 40n, CODE_OFFSET_AT)
  for (const path of paths) writeFileSync(path, libc)
  await firstOutput(startWorkload('map-file', paths))
}

const countDescriptors = () => readdirSync('/proc/self/fd').length

describeKernel('limits of --dns=libc', () => {
  test('leaves out some of many files named like a libc, reports it once, and keeps those that many processes use (GAP-70, SEC-34)', async () => {
    await mapAsLibcs(MAX_LIBCS + 10)
    const under = withHosts(['127.77.0.1 db.internal'])
    const { file, summary, result } = await recordWhile(LIBC, () => connectFromNode('db.internal', 80, under))
    expect(summary.split('\n').filter((line) => line.includes(`at most ${MAX_LIBCS} libcs`))).toHaveLength(1)
    expect(summary).toMatch(/note: --dns=libc could not attach to 2[345]\d libcs/)
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ dns_name: 'db.internal' })
    const { stdout } = await runTool(['doctor'])
    expect(stdout).toMatch(/^-- {2}getaddrinfo --dns=libc works in part: .* at most 256 libcs/m)
  })

  test('prints nothing if it attaches to all libcs', async () => {
    const { summary } = await recordWhile(LIBC, () => connect('127.0.0.1', 1000))
    expect(summary).not.toContain('libcs')
  })

  test('a call that was left by longjmp does not get the answer of the next call', async () => {
    const { file, result } = await recordWhile(LIBC, () =>
      runWorkload<{ pid: number; errors: number[] }>('resolve-again', ['stale.internal']),
    )
    expect(result.errors).toEqual([11, 0])
    expect(queryTrace(file, "SELECT * FROM dns_name WHERE dns_name = 'stale.internal'")).toEqual([])
  })

  test.each<Partial<ProbeOptions>>([{}, { dnsSource: 'udp' }, { dnsSource: 'libc' }, { localErrors: true }])(
    'a closed probe with %j leaves nothing attached',
    (options) => {
      loadProbe(PLAIN).close()
      const before = countDescriptors()
      loadProbe({ ...PLAIN, ...options }).close()
      expect(countDescriptors()).toBe(before)
    },
  )

  test('a probe that fails while it attaches leaves nothing attached', () => {
    const before = countDescriptors()
    const { arch } = process
    const libc: ProbeOptions = { ...PLAIN, dnsSource: 'libc' }
    try {
      Object.defineProperty(process, 'arch', { value: 's390x' })
      expect(() => loadProbe(libc)).toThrow(expect.objectContaining({ code: 'E_NO_LIBC' }))
      expect(() => loadProbe({ ...PLAIN, localErrors: true })).toThrow(expect.objectContaining({ code: 'E_PROBE' }))
    } finally {
      Object.defineProperty(process, 'arch', { value: arch })
    }
    expect(countDescriptors()).toBe(before)
  })

  test('uses the system call numbers of its own program, whatever uname(2) reports', async () => {
    const options = { args: ['--dns=libc', '--local-errors'], under: ['setarch', 'linux32'] }
    const under = withHosts(['127.77.0.1 db.internal'])
    const { file, result } = await recordWhile(options, () => connectFromNode('db.internal', 80, under))
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ dns_name: 'db.internal' })
  })
})
