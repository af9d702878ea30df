import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import type { ConnectRow } from '../../support/trace.js'
import { type Check, Skip } from './check.js'
import { allAgree, percentile } from './compare-rows.js'
import type { Guest } from './guest.js'

const DELAYS_MS = [5, 50, 200]
/** And a link without a delay. */
const LINKS_MS = [0, ...DELAYS_MS]

/** The delay that netem adds to a link, and the latency in a packet capture on it. */
export const linkChecks: readonly Check[] = [
  ...DELAYS_MS.map((delay_ms) => ({
    name: `netem: ${delay_ms} ms are ${delay_ms} ms`,
    run: (guest: Guest) => expectDelay(guest, delay_ms),
  })),
  { name: "a packet capture's handshake time", run: expectSameHandshakes },
]

function expectDelay(guest: Guest, delay_ms: number): string {
  const latencies = ['4', '6'].flatMap((family) =>
    delayedConnects(guest, `delay-${delay_ms}-${family}`).map(({ latency_ns }) => latency_ns ?? Number.NaN),
  )
  const [least, most] = [Math.min(...latencies), Math.max(...latencies)]
  const note = `least ${ms(least)}, median ${ms(percentile(latencies, 50))}, most ${ms(most)}`
  assert.equal(latencies.length, 15)
  assert.ok(least >= delay_ms * 1e6 && most <= delay_ms * 1.05e6, note)
  return note
}

function delayedConnects(guest: Guest, run: string): ConnectRow[] {
  const reason = guest.has('netem.err') ? guest.text('netem.err').trim() : ''
  if (reason.includes('qdisc kind is unknown')) throw new Skip('this kernel has no netem')
  assert.equal(reason, '', 'tc complains')
  return guest.attemptsOf('delays.db', run)
}

/**
 * From the SYN to the ACK of the SYN-ACK, in the capture on the near end of the link; tcpconn's latency ends when the
 * SYN-ACK is received.
 */
function expectSameHandshakes(guest: Guest): string {
  const rows = LINKS_MS.flatMap((delay_ms) =>
    ['4', '6'].flatMap((family) => delayedConnects(guest, `delay-${delay_ms}-${family}`)),
  )
  const handshakes = readHandshakes(guest.path('delays.pcap'))
  const pairs = rows.map(({ latency_ns, local_port, family }) => ({
    ours_ns: latency_ns ?? Number.NaN,
    captured_ns: handshakes.get(`${family} ${local_port}`) ?? Number.NaN,
  }))
  const differences = pairs.map(({ ours_ns, captured_ns }) => Math.abs(ours_ns - captured_ns))
  const note = `${pairs.length} compared, differences p50 ${us(percentile(differences, 50))}, most ${us(Math.max(...differences))}`
  assert.equal(pairs.length, 15 * LINKS_MS.length)
  assert.ok(allAgree(pairs.map(({ ours_ns, captured_ns }) => [ours_ns, captured_ns])), note)
  return note
}

/** `tcp.analysis.initial_rtt` in ns, by family and client port. */
function readHandshakes(capture: string): Map<string, number> {
  const fields = ['ip.version', 'tcp.srcport', 'tcp.dstport', 'tcp.analysis.initial_rtt'].flatMap((name) => [
    '-e',
    name,
  ])
  const args = ['-r', capture, '-Y', 'tcp.analysis.initial_rtt', '-T', 'fields', ...fields]
  const text = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const handshakes = new Map<string, number>()
  for (const line of text.trim().split('\n')) {
    const [family, source, destination, seconds] = line.split('\t')
    const port = source === '5000' ? destination : source
    handshakes.set(`${family === '4' ? 4 : 6} ${port}`, Number(seconds) * 1e9)
  }
  return handshakes
}

function ms(value_ns: number): string {
  return `${(value_ns / 1e6).toFixed(2)} ms`
}

function us(value_ns: number): string {
  return `${Math.round(value_ns / 1e3)} µs`
}
