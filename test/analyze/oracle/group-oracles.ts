import type { Oracle } from './oracle.js'
import { COUNTS, ENDPOINTS, MAX, PROCESSES, PROCESS_NAMES, percentiles } from './sql-words.js'

const BY_ATTEMPTS = { column: 'attempts' }

export const TOP_ENDPOINTS: Oracle = {
  args: ['top-endpoints'],
  key: ['remote_address', 'remote_port'],
  order: BY_ATTEMPTS,
  sql: () => `
    SELECT remote_address, remote_port, ${COUNTS}, 100 * count(*) / (SELECT count(*) FROM c) AS share_percent,
      ${percentiles('p50', 'p90', 'p99')}, ${MAX}, coalesce(sum(syn_retransmits), 0) AS syn_retransmits
    FROM c GROUP BY remote_address, remote_port`,
}

export const LATENCY: Oracle = {
  args: ['latency'],
  key: [],
  sql: () => `
    SELECT ${COUNTS}, min(latency_ns) FILTER (is_covered) AS min_ns,
      ${percentiles('p50', 'p75', 'p90', 'p95', 'p99', 'p999')}, ${MAX}
    FROM c`,
}

/** The components of a cgroup's path that are units, slices or others. */
const unitsLike = (endings: string) =>
  `list_last(list_filter(string_split(cgroup, '/'), part -> regexp_matches(part, '\\.(${endings})$')))`
const containerId = (pattern: string) => `nullif(left(regexp_extract(cgroup, '${pattern}', 1), 12), '')`
/** The recorded container, or the one of the path. */
const CONTAINER = `CASE WHEN pod_name IS NOT NULL THEN pod_namespace || '/' || pod_name || '/' || container_name
  ELSE coalesce(container_name, container,
  ${containerId('(?:docker|cri-containerd|crio|libpod|containerd)-(?:conmon-)?([0-9a-f]{64})\\.scope')},
  ${containerId('/(?:libpod-)?([0-9a-f]{64})(?:/|$)')},
  ${unitsLike('service|scope|socket|mount')}, ${unitsLike('slice')}) END`

/** The values of `--by`, the columns that name a group, and their names in the export if they differ. */
const DIMENSIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  endpoint: { remote_address: 'remote_address', remote_port: 'remote_port' },
  address: { remote_address: 'remote_address' },
  subnet: { subnet: 'subnet(remote_address, 3, 4)' },
  'subnet/16': { subnet: 'subnet(remote_address, 2, 1)' },
  port: { remote_port: 'remote_port' },
  uid: { user: 'user', uid: 'uid' },
  comm: { comm: 'comm' },
  exe: { exe: 'exe' },
  cgroup: { cgroup: 'cgroup' },
  container: { container: CONTAINER },
  pod: { pod_namespace: 'pod_namespace', pod_name: 'pod_name' },
  namespace: { pod_namespace: 'pod_namespace' },
  image: { container_image: 'container_image' },
  netns: { netns: 'netns', netns_cookie: 'netns_cookie' },
  dns: { dns_name: 'dns_name' },
  family: { family: 'family' },
  outcome: { outcome: 'outcome' },
  host: { host: '(SELECT any_value(host) FROM sessions)' },
}

const GROUP_VALUES = `${COUNTS}, ${percentiles('p50', 'p90', 'p99', 'p999')}, ${MAX}`

export const LATENCY_BY: readonly Oracle[] = Object.entries(DIMENSIONS).map(([by, columns]) => ({
  args: ['latency', '--by', by],
  key: Object.keys(columns),
  order: BY_ATTEMPTS,
  sql: () => {
    const named = Object.entries(columns).map(([name, expression]) => `${expression} AS "${name}"`)
    // By outcome, attempts of every outcome have latencies.
    const attempts = by === 'outcome' ? '(SELECT * REPLACE (true AS is_covered) FROM c)' : 'c'
    return `SELECT ${named.join(', ')}, ${GROUP_VALUES} FROM ${attempts} GROUP BY ${named.map((_, i) => i + 1).join(', ')}`
  },
}))

export const LATENCY_BY_PROCESS: Oracle = {
  args: ['latency', '--by', 'process'],
  key: ['pid', 'process_start_ns'],
  order: BY_ATTEMPTS,
  sql: () => `SELECT pid, process_start_ns, ${PROCESS_NAMES}, ${GROUP_VALUES} FROM c GROUP BY pid, process_start_ns`,
}

export const BY_UID: Oracle = {
  args: ['by-uid'],
  key: ['user', 'uid'],
  order: BY_ATTEMPTS,
  sql: () => `
    SELECT user, uid, ${COUNTS}, ${ENDPOINTS}, ${PROCESSES}, ${percentiles('p50', 'p99')} FROM c GROUP BY user, uid`,
}

export const BY_PROCESS: Oracle = {
  args: ['by-process'],
  key: ['pid', 'process_start_ns'],
  order: BY_ATTEMPTS,
  sql: () => `
    SELECT pid, process_start_ns, ${PROCESS_NAMES}, ${COUNTS}, ${ENDPOINTS}, ${percentiles('p50', 'p99')}
    FROM c GROUP BY pid, process_start_ns`,
}

export const BY_CONTAINER: Oracle = {
  args: ['by-process', '--by', 'container'],
  key: ['container'],
  order: BY_ATTEMPTS,
  sql: () => `
    SELECT ${CONTAINER} AS container, ${COUNTS}, ${ENDPOINTS}, ${PROCESSES}, ${percentiles('p50', 'p99')} FROM c GROUP BY 1`,
}

export const BY_COMM: Oracle = {
  args: ['by-process', '--by', 'comm'],
  key: ['comm'],
  order: BY_ATTEMPTS,
  sql: () => `SELECT comm, ${COUNTS}, ${ENDPOINTS}, ${PROCESSES}, ${percentiles('p50', 'p99')} FROM c GROUP BY comm`,
}
