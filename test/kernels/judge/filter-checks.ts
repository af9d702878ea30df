import assert from 'node:assert/strict'
import type { ConnectRow } from '../../support/trace.js'
import type { Check } from './check.js'
import type { Guest } from './guest.js'

/** The filters of a recorder of filters.sh, as a condition on attempts. */
type Filter = (row: ConnectRow, pidOf: (run: string) => number) => boolean

const LONG_NS = 100e6

const FILTERS: Record<string, { trace: string; wants: Filter }> = {
  '--uid, --comm': { trace: 'filter-process', wants: ({ uid, comm }) => uid === 5 && comm === 'picked' },
  '-4, --port, --dst': {
    trace: 'filter-endpoint',
    wants: ({ family, remote_port, remote_address }) =>
      family === 4 && [7, 9].includes(remote_port) && remote_address.startsWith('127.7.'),
  },
  '-6, --pid': {
    trace: 'filter-pid',
    wants: ({ family, pid }, pidOf) => family === 6 && pid === pidOf('waiting-6'),
  },
  '--min-latency, --outcome': {
    trace: 'filter-result',
    wants: ({ latency_ns, outcome }) => outcome === 'established' && (latency_ns ?? 0) >= LONG_NS,
  },
  '--cgroup': {
    trace: 'filter-cgroup',
    wants: ({ pid }, pidOf) => ['in-cgroup', 'waiting-4', 'waiting-6'].map(pidOf).includes(pid),
  },
  '--cgroupmap, --mntnsmap': { trace: 'filter-maps', wants: ({ pid }, pidOf) => pid === pidOf('waiting-6') },
  'record -- COMMAND': { trace: 'filter-command', wants: ({ comm }) => comm === 'commanded' },
}

/** Each recorder with filters has exactly those attempts of the unfiltered recorder that its filters describe. */
export const filterChecks: readonly Check[] = Object.entries(FILTERS).map(([name, { trace, wants }]) => ({
  name: `filters: ${name}`,
  run(guest: Guest) {
    const all = guest.attempts('all.db')
    const wanted = all.filter((row) => wants(row, (run) => guest.run(run).pid))
    assert.ok(wanted.length > 0 && wanted.length < all.length, `${wanted.length} of ${all.length} are wanted`)
    assert.deepEqual(guest.attempts(`${trace}.db`).map(identify), wanted.map(identify))
    return `${wanted.length} of ${all.length}`
  },
}))

function identify({ pid, family, local_port, remote_address, remote_port }: ConnectRow): string {
  return `pid ${pid} over ${family} from ${local_port} to ${remote_address} ${remote_port}`
}
