import { expect, test } from 'vitest'
import { percentileOf, bucketOf, BUCKET_COUNT } from '../../../src/sums/latency-histogram.js'
import { readRow } from '../../../src/top/window/row-attempts.js'
import { rowLatencies, totalLatencies } from '../../../src/top/window/row-latencies.js'
import { rowSeconds } from '../../../src/top/window/row-seconds.js'
import type { TopAttempt } from '../../../src/top/window/top-attempt.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { endpointOf, groupBy, makeAttempt, makeWindow, processOf } from '../make-attempt.js'

const web = endpointOf('192.0.2.1', 443)
const db = endpointOf('2001:db8::1', 5432)
const curl = processOf('curl', { pid: 7 })
const api = processOf('api', { pid: 8, uid: 1000, user: null, container: null })
const POD = {
  container: '3f2a91c07b1e',
  containerName: 'web',
  containerImage: 'nginx',
  podName: 'cart-1',
  podNamespace: 'shop',
}
const worker = processOf('worker', { pid: 7, processStartNs: 2n, ...POD })

const WINDOW = makeWindow([
  [makeAttempt({ endpoint: web, process: curl, dnsName: 'www.example' }), makeAttempt({ endpoint: db, process: api })],
  [makeAttempt({ endpoint: db, process: worker, outcome: 'refused', errno: 111, synRetransmits: 2, unixNs: 5e9 })],
  [makeAttempt({ endpoint: db, process: api, outcome: 'timed_out', errno: 110, synRetransmits: 6, unixNs: 9e9 })],
])
WINDOW.setPending([{ endpoint: web, process: api, dnsName: null }])

test.each([
  ['endpoint', ['192.0.2.1:443 1 0 0 1', '[2001:db8::1]:5432 3 2 8 0']],
  ['port', ['443 1 0 0 1', '5432 3 2 8 0']],
  ['user', ['1000 2 1 6 1', 'root 2 1 2 0']],
  ['process', ['7 curl 1 0 0 0', '7 worker 1 1 2 0', '8 api 2 1 6 1']],
  ['comm', ['api 2 1 6 1', 'curl 1 0 0 0', 'worker 1 1 2 0']],
  ['container', ['- 2 1 6 1', 'shop/cart-1/web 1 1 2 0', 'ssh.service 1 0 0 0']],
  ['pod', ['- 3 1 6 1', 'shop/cart-1 1 1 2 0']],
  ['namespace', ['- 3 1 6 1', 'shop 1 1 2 0']],
  ['image', ['- 3 1 6 1', 'nginx 1 1 2 0']],
  ['dns', ['- 3 2 8 1', 'www.example 1 0 0 0']],
])('by %s a row counts attempts, failures, SYN retransmits and pending attempts', (name, expected) => {
  const { rows, total } = groupBy(name, WINDOW)
  const texts = rows.map((row) => `${row.label} ${row.attempts} ${row.failed} ${row.synRetransmits} ${row.pending}`)
  expect(texts.toSorted()).toEqual(expected.toSorted())
  expect(total).toMatchObject({ attempts: 4, failed: 2, synRetransmits: 8, pending: 1 })
})

test('a container of a user whose name has slashes has a row of its own, not that of a pod (SEC-97)', () => {
  const named = (containerName: string) =>
    processOf('slash', { ...POD, podName: null, podNamespace: null, containerName })
  const window = makeWindow([
    [makeAttempt({ process: worker }), makeAttempt({ process: named('shop/cart-1/web') })],
    [makeAttempt({ process: named('web') })],
  ])
  const labels = groupBy('container', window).rows.map(({ label }) => label)
  expect(labels.toSorted()).toEqual(['shop/cart-1/web', String.raw`shop\x2fcart-1\x2fweb`, 'web'])
})

test('a user of the host and a user of a container with the same uid are two rows, as in by-uid', () => {
  const ofHost = processOf('ssh', { pid: 1, uid: 1000, user: 'alice' })
  const ofContainer = processOf('node', { pid: 2, uid: 1000, user: null })
  const another = processOf('curl', { pid: 3, uid: 1000, user: 'alice' })
  const window = makeWindow([[ofHost, ofContainer, another].map((process) => makeAttempt({ process }))])
  const { rows } = groupBy('user', window)
  expect(rows.map(({ label, attempts }) => [label, attempts]).toSorted()).toEqual([
    ['1000', 1],
    ['alice', 2],
  ])
})

test('percentiles are those of the histograms of src/sums, of established attempts only', () => {
  const random = createRandom(3)
  const attempts: TopAttempt[] = Array.from({ length: 5000 }, () => {
    const latencyNs = Math.round(50_000 * (1 - random()) ** -2)
    const outcome = random() < 0.8 ? 'established' : 'refused'
    const isKnown = random() < 0.9
    return makeAttempt({
      endpoint: endpointOf('192.0.2.2', randomInteger(random, 1, 9)),
      outcome,
      latencyNs: isKnown ? latencyNs : null,
    })
  })
  const grouped = groupBy('port', makeWindow([attempts]))
  const percentiles = (chosen: readonly TopAttempt[]) => {
    const latencies = chosen.flatMap(({ outcome, latencyNs }) =>
      outcome === 0 && latencyNs !== null ? [latencyNs] : [],
    )
    const buckets = new Float64Array(BUCKET_COUNT)
    for (const latencyNs of latencies) buckets[bucketOf(latencyNs)]!++
    return { p50Ns: percentileOf(buckets, 50), p99Ns: percentileOf(buckets, 99) }
  }
  const found = rowLatencies(grouped, grouped.rows.slice(2))
  expect(found.size).toBe(grouped.rows.length - 2)
  for (const { index, label } of grouped.rows.slice(2)) {
    const own = attempts.filter(({ endpoint }) => String(endpoint.remotePort) === label)
    expect(found.get(index)).toEqual(percentiles(own))
  }
  expect(totalLatencies(grouped)).toEqual(percentiles(attempts))
})

test('a row without an established attempt has no percentiles', () => {
  const grouped = groupBy('comm', makeWindow([[makeAttempt({ outcome: 'refused' })]]))
  expect(rowLatencies(grouped, grouped.rows).get(0)).toEqual({ p50Ns: null, p99Ns: null })
})

test('a row has its attempts of each second', () => {
  const grouped = groupBy('comm', WINDOW)
  const rows = grouped.rows.filter(({ label }) => label !== 'curl')
  const seconds = rowSeconds(grouped, rows)
  expect(rows.map(({ index, label }) => [label, [...(seconds.get(index) ?? [])]])).toEqual([
    ['api', [1, 0, 1]],
    ['worker', [0, 1, 0]],
  ])
})

test('an opened row has its failures by cause, and its latest attempts first', () => {
  const grouped = groupBy('endpoint', WINDOW)
  const index = grouped.rows.findIndex(({ label }) => label.includes('5432'))
  const { failures, latest } = readRow(grouped, index, 2)
  expect(failures).toHaveLength(2)
  expect(failures).toContainEqual({ outcome: 'timed_out', errno: 110, count: 1, lastUnixNs: 9e9 })
  expect(latest.map(({ outcome, process, synRetransmits }) => [outcome, process?.comm, synRetransmits])).toEqual([
    ['timed_out', 'api', 6],
    ['refused', 'worker', 2],
  ])
})
