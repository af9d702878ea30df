import assert from 'node:assert/strict'
import { flagsOf, queryTrace } from '../../support/trace.js'
import { Skip, type Check } from './check.js'
import type { Guest } from './guest.js'

interface Lookup {
  readonly query_type: number | null
  readonly rcode: number | null
  readonly address_count: number
  readonly latency_ns: number | null
  readonly netns: number | null
}

const LOOKUPS = `
  SELECT query_type, rcode, address_count, latency_ns, netns FROM dns_lookup JOIN dns_name USING (dns_name_id)
  WHERE dns_name = ? ORDER BY query_type`
/** RFC 1035, 3.2.2 and RFC 3596 */
const [A, AAAA] = [1, 28]
const NO_SUCH_NAME = 3
const NO_SYN = 16
/** Exit status of test/workload/io-uring if the kernel refuses io_uring. */
const RING_REFUSED = 77

/** Lookups in packets and through libc, and connects that fail before a packet. */
export const nameChecks: readonly Check[] = [
  {
    name: 'DNS: packets of lookups',
    run(guest) {
      const found = lookups(guest, 'names.db', 'named.example')
      assert.deepEqual(
        found.map(({ query_type, rcode, address_count }) => [query_type, rcode, address_count]),
        [
          [A, 0, 1],
          [AAAA, 0, 0],
        ],
      )
      assert.ok(
        found.every(({ latency_ns }) => latency_ns !== null && latency_ns > 0),
        'latencies',
      )
      const missing = lookups(guest, 'names.db', 'missing.example')
      assert.ok(
        missing.length > 0 && missing.every(({ rcode }) => rcode === NO_SUCH_NAME),
        'a name that does not exist',
      )
      assert.ok(
        found.every(({ netns }) => netns !== null),
        'the network namespace',
      )
    },
  },
  {
    name: 'DNS: names of attempts',
    run(guest) {
      const [row, ...more] = guest.attemptsOf('names.db', 'named')
      assert.deepEqual(more, [])
      assert.equal(row?.dns_name, 'named.example')
      assert.ok((row?.dns_age_ns ?? 0) > 0, `age ${row?.dns_age_ns}`)
    },
  },
  {
    name: 'DNS: queries whose port is translated',
    run(guest) {
      for (const name of ['connected.example', 'docker.example']) {
        const found = lookups(guest, 'names.db', name)
        assert.deepEqual(
          found.map(({ query_type, rcode, latency_ns }) => [query_type, rcode, latency_ns]),
          [[A, null, null]],
          name,
        )
      }
      assert.deepEqual(lookups(guest, 'names.db', 'other.example'), [])
    },
  },
  {
    name: 'DNS: getaddrinfo of libc',
    run(guest) {
      const [row] = guest.attemptsOf('names-libc.db', 'named')
      assert.equal(row?.dns_name, 'named.example')
      const [found] = lookups(guest, 'names-libc.db', 'named.example')
      assert.deepEqual([found?.query_type, found?.rcode, found?.address_count], [null, 0, 1])
      const [missing] = lookups(guest, 'names-libc.db', 'missing.example')
      assert.ok((missing?.rcode ?? 0) < 0, `a name that does not exist: ${missing?.rcode}`)
    },
  },
  {
    name: 'io_uring: names of processes',
    run(guest) {
      for (const name of ['ring-worker', 'ring-poller']) {
        if (guest.run(name).status === RING_REFUSED) throw new Skip('io_uring is disabled')
        const rows = guest.attemptsOf('names.db', name)
        assert.deepEqual(
          rows.map(({ comm, exe, outcome }) => [comm, exe, outcome]),
          [['ring-process', 'io-uring', 'refused']],
          name,
        )
        assert.notEqual(rows[0]?.tid, guest.run(name).pid, name)
      }
    },
  },
  {
    name: 'errors before a SYN',
    run(guest) {
      const calls = JSON.parse(guest.text('run-local-errors.txt')) as { name: string; errno: number }[]
      const failed = calls.filter(({ name }) => !name.startsWith('-')).map(({ errno }) => errno)
      const flags = flagsOf(guest.path('names.db'), guest.run('local-errors').pid)
      const rows = guest.attemptsOf('names.db', 'local-errors').filter((_, i) => ((flags[i] ?? 0) & NO_SYN) !== 0)
      assert.deepEqual(
        rows.map(({ outcome, errno }) => [outcome, errno]),
        failed.map((errno) => ['local_error', errno]),
      )
      return `${rows.length} calls`
    },
  },
]

function lookups(guest: Guest, trace: string, name: string): Lookup[] {
  return queryTrace(guest.path(trace), LOOKUPS, name)
}
