import type { Database } from 'better-sqlite3'
import { NO_LOSS } from '../../../src/attempt/loss-causes.js'
import { openOutput } from '../../../src/record/output/open-output.js'
import { closeSession, insertSession } from '../../../src/record/session/session-row.js'
import { createTraceWriter } from '../../../src/record/write/trace-writer.js'
import { MAPPED_PREFIX, packEvents, type EventFields } from '../../record/make-events.js'
import { createRandom, randomInteger, randomNormal } from '../../store/random.js'

const STARTED_UNIX_NS = 1_767_225_600_000_000_000n
const SECOND_NS = 1e9
const DOCKER_ID = 'd3a1'.repeat(16)

/** A service that connects: its attempts per minute, and where to. */
interface Service {
  readonly comm: string
  readonly pid: number
  readonly uid: number
  readonly cgroupId: bigint
  readonly perMinute: number
  readonly targets: readonly (readonly [address: string, port: number, name: string, latencyMs: number])[]
}

const IPV6 = (last: string) => `20010db8${'0'.repeat(20)}${last}`
const IPV4 = (hex: string) => `${MAPPED_PREFIX}${hex}`

const SERVICES: readonly Service[] = [
  {
    comm: 'php-fpm',
    pid: 2100,
    uid: 33,
    cgroupId: 1n,
    perMinute: 420,
    targets: [
      [IPV4('c0000214'), 5432, 'db.example', 0.4],
      [IPV4('c0000215'), 6379, 'cache.example', 0.2],
      [IPV4('c6336407'), 443, 'payments.example', 18],
    ],
  },
  {
    comm: 'curl',
    pid: 3300,
    uid: 1000,
    cgroupId: 2n,
    perMinute: 40,
    targets: [
      [IPV4('cb007109'), 443, 'packages.example', 35],
      [IPV6('0010'), 443, 'packages.example', 28],
    ],
  },
  {
    comm: 'collector',
    pid: 4500,
    uid: 999,
    cgroupId: 3n,
    perMinute: 120,
    targets: [
      [IPV4('c6336420'), 4317, 'metrics.example', 6],
      [IPV6('0020'), 9200, 'logs.example', 3],
    ],
  },
]

const CGROUPS = [
  '/system.slice/php8.2-fpm.service',
  '/user.slice/user-1000.slice',
  `/system.slice/docker-${DOCKER_ID}.scope`,
]
const USERS: Readonly<Record<number, string>> = { 33: 'www-data', 999: 'collector', 1000: 'alice' }

/** What a demonstration differs in. */
export interface DemoOptions {
  readonly minutes: number
  /** From minute 12 to 18 the database is slow, refuses connects and drops SYNs. */
  readonly hasIncident: boolean
  /** A name that the trace has as a host, thread, user and DNS name */
  readonly hostileName?: string
}

/** Writes a trace of a web host with addresses and names for documentation (RFC 5737, RFC 3849, RFC 2606). */
export function makeDemoTrace(path: string, { minutes, hasIncident, hostileName }: DemoOptions): void {
  const output = openOutput(path)
  const { db } = output
  const sessionId = insertSession(db, {
    toolVersion: '0.1.0',
    commandLine: 'tcpconn record --dns web.db',
    rotationBase: null,
    filters: '{}',
    ringBytes: 16_777_216,
    startedUnixNs: STARTED_UNIX_NS,
    dnsSource: 'udp',
    nat: false,
    dnsPorts: [53],
    localErrors: true,
    host: hostileName ?? 'web-1',
    limits: [],
  })
  const names = {
    userName: (uid: number) => hostileName ?? USERS[uid] ?? null,
    cgroupPath: (id: bigint) => (hostileName === undefined ? (CGROUPS[Number(id) - 1] ?? null) : `/${hostileName}`),
    containerFacts: () => undefined,
  }
  const writer = createTraceWriter(db, { sessionId, epochNs: 0n, names, metadata: null })
  const random = createRandom(5)
  let rows = 0
  for (let minute = 0; minute < minutes; minute++) {
    const isBad = hasIncident && minute >= 12 && minute < 18
    const events = SERVICES.flatMap((service) => makeMinute(random, service, minute, isBad, hostileName))
    const packed = packEvents(events.toSorted((a, b) => Number((a.startedNs ?? 0n) - (b.startedNs ?? 0n))))
    rows += writer.write(packed, packed.source, NO_LOSS, (minute + 1) * 60 * SECOND_NS)
    writer.flushWindow()
  }
  addNames(db, sessionId, hostileName)
  closeSession(db, sessionId, {
    durationNs: minutes * 60 * SECOND_NS,
    reason: 'interrupt',
    loss: NO_LOSS,
    completeness: { kernelMin: rows, kernelMax: rows, comparable: rows, uncomparable: 0 },
    dns: { lost: 0, malformed: 0, evicted: 0 },
    skipped: { all: 0, uncovered: 0 },
    lostProcesses: 0,
    lostDetails: { addresses: 0 },
  })
  db.exec(`UPDATE session SET boot_id = '2f1c4d34-0000-4000-8000-000000000000', kernel = '6.12.57', machine = 'x86_64',
    recorder_pid = 999, recorder_start_ticks = 1`)
  output.close()
}

function makeMinute(
  random: () => number,
  service: Service,
  minute: number,
  isBad: boolean,
  hostileName: string | undefined,
): Partial<EventFields>[] {
  const { comm, pid, uid, cgroupId } = service
  const wave = 1 + 0.35 * Math.sin(minute / 4)
  return Array.from({ length: Math.round(service.perMinute * wave) }, (): Partial<EventFields> => {
    const [remoteAddress, remotePort, , latencyMs] = service.targets[
      Math.floor(random() ** 1.6 * service.targets.length)
    ] as Service['targets'][number]
    const end = endAttempt(random, latencyMs, isBad && remotePort === 5432)
    const isIpv4 = remoteAddress.startsWith(MAPPED_PREFIX)
    return {
      pid: pid + randomInteger(random, 0, 2),
      tid: pid,
      comm: hostileName?.slice(0, 15) ?? comm,
      exe: comm,
      exeInode: BigInt(pid),
      uid,
      cgroupId,
      startedNs: BigInt(Math.round((minute + random()) * 60 * SECOND_NS)),
      remoteAddress,
      remotePort,
      localAddress: isIpv4 ? IPV4('c0000205') : IPV6('0005'),
      family: isIpv4 ? 4 : 6,
      ...end,
    }
  })
}

/** @param isHit whether the endpoint is in trouble */
function endAttempt(random: () => number, latencyMs: number, isHit: boolean): Partial<EventFields> {
  const kind = random()
  if (kind < (isHit ? 0.22 : 0.004)) return { latencyNs: BigInt(Math.round(latencyMs * 5e5)), outcome: 1, error: 111 }
  if (isHit && kind < 0.26) return { latencyNs: 127_000_000_000n, outcome: 2, error: 110, synRetransmits: 6 }
  const synRetransmits = random() < (isHit ? 0.1 : 0.004) ? 1 : 0
  const spread = Math.exp(0.45 * randomNormal(random)) * (isHit ? 12 : 1)
  return { latencyNs: BigInt(Math.round(latencyMs * 1e6 * spread + synRetransmits * 1e9)), synRetransmits }
}

/** The names of all targets, a lookup of each every ten seconds, and attempts with the name of their address. */
function addNames(db: Database, sessionId: number, hostileName: string | undefined): void {
  const targets = SERVICES.flatMap((service) => service.targets)
  const known = [...new Set(targets.map(([, , name]) => name))]
  const name = db.prepare('INSERT INTO dns_name VALUES (?, ?)')
  const lookup = db.prepare('INSERT INTO dns_lookup VALUES (NULL, ?, ?, ?, ?, 1, ?, 1, NULL, NULL, 0, NULL)')
  const connect = db.prepare(`INSERT INTO connect_dns SELECT attempt_id, ?, 5000000, 800000, 1 FROM connect_attempt
    JOIN endpoint USING (endpoint_id) WHERE remote_port = ? AND attempt_id % 3 = 0 ON CONFLICT DO NOTHING`)
  const random = createRandom(9)
  db.transaction(() => {
    known.forEach((one, i) => {
      name.run(i + 1, i === 0 ? (hostileName ?? one) : one)
      for (let second = 0; second < 300; second += 10) {
        const latencyNs = Math.round(900_000 * Math.exp(0.6 * randomNormal(random)))
        lookup.run(sessionId, second * SECOND_NS, latencyNs, i + 1, random() < 0.03 ? 2 : 0)
      }
      for (const [, port] of targets.filter(([, , of]) => of === one)) connect.run(i + 1, port)
    })
  })()
}
