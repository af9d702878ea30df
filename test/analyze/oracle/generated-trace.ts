import { MAPPED_PREFIX, type EventFields } from '../../record/make-events.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { addLookups } from '../add-lookups.js'
import { makeSampleTrace } from '../sample-trace.js'

const SESSION_NS = 60e9
/** Start times of processes since boot, on a host that is up for more than 104 days: they are not exact in a double */
const FIRST_START_NS = 9_007_199_254_740_993n
const UIDS = [0, 33, 1000, 4242]
const EXES = ['curl', 'java', 'node', '', 'python3']
/** Some of them have a special meaning for a terminal, JSON or SQL. */
const COMMS = ['app', 'worker', 'two\nlines', '\x1b[2Jgone', `"it's"`, '\u{1f986} \u03c0', 'null', '=1+1']
const PORTS = [443, 5432, 6379, 80]
/** Several kinds of timed out, unreachable, reset and local errors. */
const ERRNOS: readonly (readonly number[])[] = [
  [0],
  [111],
  [110, 113],
  [113, 101, 13],
  [104, 32],
  [0, 103],
  [99, 98],
  [0],
]

/**
 * A closed trace of three sessions from the real writer. It has users with and without names, processes that live
 * through all sessions and change their program or their user, IPv4 and IPv6, every outcome with several errors,
 * retransmits, lookups, and loss. The clock was set forward once and backward once.
 * @returns its path
 */
export function makeGeneratedTrace(count: number): string {
  const random = createRandom(20_260_131)
  const session = (shift: number, share: number) => {
    const events = Array.from({ length: Math.round(count * share) }, () => makeEvent(random, shift))
    const third = Math.ceil(events.length / 3)
    return { batches: [events.slice(0, third), null, events.slice(third, 2 * third), null, events.slice(2 * third)] }
  }
  const loss = { ringFull: 2, mapFull: 1, writerBehind: 3, missed: 4, skipped: 0 }
  const { db, file } = makeSampleTrace(session(0, 0.3), { ...session(3, 0.3), loss }, session(6, 0.4))
  db.exec(`
    UPDATE process SET user = CASE uid WHEN 0 THEN 'root' WHEN 1000 THEN 'ada "l"' ELSE user END;
    UPDATE cgroup SET path = NULL WHERE kernel_cgroup_id = 3;
    UPDATE process SET has_host_netns = CASE process_id % 3 WHEN 1 THEN 0 WHEN 2 THEN 1 END;
    UPDATE cgroup SET path = '/system.slice/docker-${'0123456789abcdef'.repeat(4)}.scope' WHERE kernel_cgroup_id = 4;
    UPDATE cgroup SET path = '/system.slice/nginx.service/workers' WHERE kernel_cgroup_id = 5;
    UPDATE cgroup SET container = 'as-recorded' WHERE kernel_cgroup_id IN (2, 3);
    INSERT INTO container SELECT NULL, session_id, '${'0123456789abcdef'.repeat(4)}', 'docker', 'web "1"', 'nginx:1', NULL, NULL, NULL, NULL, 1 FROM session;
    INSERT INTO container SELECT NULL, session_id, 'id of a pod', 'containerd', NULL, 'shop/cart', 'cart-0', 'shop', 'a uid', 'cart', 0 FROM session;
    INSERT INTO container_address SELECT e.session_id, address, since, iif(row % 4 = 0, NULL, since + 12000000000), container_key
      FROM (SELECT session_id, remote_address AS address, min(started_ns) AS since, row_number() OVER () AS row
        FROM connect_attempt JOIN endpoint USING (endpoint_id) GROUP BY session_id, remote_address, started_ns / 30000000000) AS e
      JOIN container AS k ON k.session_id = e.session_id AND (runtime_name = 'docker') = row % 2 WHERE row % 3 < 2;
    UPDATE cgroup SET container_key = (SELECT container_key FROM container WHERE session_id = cgroup.session_id AND
      (runtime_name = 'docker') = (kernel_cgroup_id = 4)) WHERE kernel_cgroup_id IN (2, 4);
    UPDATE session SET dns_lost_count = session_id, dns_malformed_count = 7, dns_evicted_count = session_id - 1;
    UPDATE session SET started_unix_ns = started_unix_ns + 123456789 + session_id * 600000000000;
    UPDATE clock_offset SET unix_offset_ns = unix_offset_ns + 123456789 + session_id * 600000000000;
    INSERT INTO clock_offset SELECT session_id, 20000000000, unix_offset_ns + 7000000007 FROM clock_offset WHERE session_id = 1;
    INSERT INTO clock_offset SELECT session_id, 40000000000, unix_offset_ns - 3000000000 FROM clock_offset WHERE session_id = 2;
  `)
  addLookups(db, random, Math.ceil(count / 20))
  db.pragma('journal_mode = DELETE')
  db.close()
  return file
}

/** @param shift changes which endpoints are busy: between sessions some appear, and some vanish */
function makeEvent(random: () => number, shift: number): Partial<EventFields> {
  const endpoint = shift + Math.floor(random() ** 2 * 60)
  const outcome = endpoint === 50 ? 1 : random() < 0.82 ? 0 : randomInteger(random, 1, 7)
  const isRetransmitted = outcome === 2 || random() < 0.05
  const synRetransmits = isRetransmitted ? randomInteger(random, 1, 5) : 0
  const waitedNs = (2 ** synRetransmits - 1) * 1e9
  return {
    ...makeProcess(random, shift),
    ...makeRemote(endpoint),
    startedNs: BigInt(randomInteger(random, 0, SESSION_NS - 1)),
    latencyNs: BigInt(Math.round(waitedNs + 20_000 * (endpoint + 1) * (1 - random()) ** -1.5)),
    localPort: randomInteger(random, 0, 65_535),
    outcome,
    error: pick(random, ERRNOS[outcome] as readonly number[]),
    synRetransmits,
  }
}

/** The first row of a process gives its name, whatever its later threads, programs and users. */
function makeProcess(random: () => number, shift: number): Partial<EventFields> {
  const process = shift + Math.floor(random() ** 1.5 * 40)
  const isOther = random() < 0.3
  // The record of its process did not fit into the ring.
  if (process === shift + 17) return { pid: 0, netns: 4_026_531_840 }
  return {
    pid: 100 + process,
    tid: 100 + process + (isOther ? 1000 : 0),
    processStartNs: FIRST_START_NS + BigInt(process),
    comm: COMMS[(process + (isOther ? 1 + Math.floor(random() * 3) : 0)) % COMMS.length] as string,
    exe: EXES[(process + (process % 7 === 0 && isOther ? 1 : 0)) % EXES.length] as string,
    uid: UIDS[(process + (process % 11 === 0 && isOther ? 1 : 0)) % UIDS.length] as number,
    cgroupId: BigInt(1 + (process % 5)),
    netns: 4_026_531_840 + (process % 3),
    // A reused inode number, and one with an unknown cookie.
    netnsCookie: BigInt(process % 5),
  }
}

/** An address has two ports, a subnet several addresses. */
function makeRemote(endpoint: number): Partial<EventFields> {
  const host = Math.floor(endpoint / 2)
  const remotePort = PORTS[endpoint % PORTS.length] as number
  const byte = (value: number) => value.toString(16).padStart(2, '0')
  if (host % 3 > 0) {
    return { remoteAddress: `${MAPPED_PREFIX}0a${byte(host % 4)}${byte(host % 5)}${byte(host)}`, remotePort, family: 4 }
  }
  const network = host === 0 ? '0'.repeat(16) : `20010db8${byte(host % 2).padStart(4, '0')}00${byte(host % 4)}`
  return { remoteAddress: `${network}${byte(host + 1).padStart(16, '0')}`, remotePort, family: 6 }
}

function pick<T>(random: () => number, values: readonly T[]): T {
  return values[Math.floor(random() * values.length)] as T
}
