import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { isKernelAtLeast } from '../../../src/record/probe/kernel-support.js'
import { type Check, Skip } from './check.js'
import type { Guest } from './guest.js'
import { listComplaints } from './kernel-log.js'

/** Of a kernel before 5.15. */
const NO_REQUESTED_ADDRESS = /before Linux 5\.15, .* --nat does not record the requested address .*\(service_address\)/
/** From Linux 7 on the kernel skips runs. This is reported if some attempts cannot be checked. */
const SKIPPED =
  /^\d[\d,]* recorded \+ 0 lost = .* the kernel skipped \d+ runs? of the probe: attempts may be missing\n$/

/** The package runs, prints its version, and prints nothing unexpected. */
export const toolChecks: readonly Check[] = [
  {
    name: 'boots, makes the traffic and returns the results',
    run(guest) {
      assert.ok(guest.has('kernel.txt'), 'nothing was handed back: see console.txt')
      assert.ok(
        guest.has('phases.txt') && guest.text('phases.txt').includes('record_with_archive '),
        'did not get to the end',
      )
      assert.ok(!guest.has('modules-that-failed.txt'), 'kernel modules could not be loaded')
      const failed = [...guest.runs.values()].filter(({ status }) => status !== 0)
      assert.deepEqual(failed, [], 'workloads that failed')
      return guest.text('kernel.txt').trim()
    },
  },
  {
    name: 'doctor reports what the kernel lacks, and nothing else (GAP-04)',
    run(guest) {
      const lines = guest.text('doctor.txt').trim().split('\n')
      const marks = lines.flatMap((line) => /^(?!ok )\S+ +\S+/.exec(line)?.[0] ?? [])
      assert.deepEqual(marks, [
        ...(readsCalls(guest) ? [] : ['--  NAT']),
        ...(hasCookies(guest) ? [] : ['--  namespaces']),
      ])
      assert.equal(guest.text('doctor-status.txt').trim(), '0')
      assert.match(guest.text('version.txt'), /^\d+\.\d+\.\d+\n/)
      return `${lines.length} lines`
    },
  },
  {
    name: 'recorders, bcc and tcpdump end without an error',
    run(guest) {
      const lines = guest.text('recorders.txt').trim().split('\n')
      const isOurs = (line: string) => guest.has(`${line.split(' ')[0]}.db`)
      // Not on a kernel that bcc cannot attach to.
      const expected = guest.has('no-kprobes.txt') ? lines.filter(isOurs) : lines
      assert.deepEqual(
        expected.filter((line) => !line.endsWith(' 0')),
        [],
      )
      return `${expected.length} programs`
    },
  },
  {
    name: 'recorders report what the kernel lacks, and nothing else (GAP-04)',
    run(guest) {
      const said = tracesOf(guest).map((name) => guest.text(`${name}.err`))
      const expected = hasCookies(guest) ? /^$/ : /^note: network namespaces have no cookies before Linux 5\.12: .*\n$/
      assert.deepEqual(
        said.filter((text) => !expected.test(text) && !SKIPPED.test(text)),
        [],
      )
      return `${said.length} recorders`
    },
  },
  {
    name: 'with --nat: doctor, record, info and analyze report whether requested addresses are missing (GAP-86)',
    run(guest) {
      const texts = ['doctor', 'nat-record', 'nat-info', 'nat-analyze'].map((name) => guest.text(`${name}.txt`))
      assert.deepEqual(
        texts.map((text) => NO_REQUESTED_ADDRESS.test(text)),
        texts.map(() => !readsCalls(guest)),
      )
    },
  },
  {
    name: 'the archive records in a bare root directory',
    run(guest) {
      if (!guest.has('archive.txt')) throw new Skip('only in a guest')
      const rows = guest.attemptsOf('archive.db', 'archived')
      assert.deepEqual(
        rows.map(({ outcome }) => outcome),
        ['refused', 'refused', 'refused'],
      )
    },
  },
  {
    name: 'the kernel log has no complaints',
    run(guest) {
      if (guest.name === 'host') throw new Skip('its log is older than this traffic')
      const log = guest.text('dmesg.txt')
      assert.match(log, /Linux version/)
      assert.deepEqual(listComplaints(log), [])
    },
  },
]

/** Network namespaces have cookies from Linux 5.12 on. */
const hasCookies = (guest: Guest) => isKernelAtLeast(guest.text('kernel.txt'), '5.12')

/** The probe reads the arguments of connect(2) from Linux 5.15 on. */
const readsCalls = (guest: Guest) => isKernelAtLeast(guest.text('kernel.txt'), '5.15')

/** Recordings whose stderr is in a file of its own. */
function tracesOf(guest: Guest): string[] {
  const files = readdirSync(guest.directory)
  const names = files.filter((file) => file.endsWith('.db')).map((file) => file.slice(0, -'.db'.length))
  return names.filter((name) => files.includes(`${name}.err`))
}
