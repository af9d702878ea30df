/**
 * Makes a trace of one version of the format, the newest by default. Needed once, for a new version: the files of older ones
 * never change.
 *   node_modules/.bin/esbuild test/store/formats/make-formats.ts --bundle --platform=node --format=esm \
 *     --external:better-sqlite3 --outfile=build/make-formats.mjs && node build/make-formats.mjs [VERSION…]
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { PACKAGE_ROOT } from '../../../src/base/package.js'
import { closeSession, insertSession } from '../../../src/record/session/session-row.js'
import { createAddressOwners, type AddressOwners } from '../../../src/record/containers/address-owners.js'
import type { ContainerFacts } from '../../../src/record/runtimes/container-facts.js'
import { openOutput } from '../../../src/record/output/open-output.js'
import { createTraceWriter } from '../../../src/record/write/trace-writer.js'
import { NO_LOSS, sumLoss, type LossCounts } from '../../../src/attempt/loss-causes.js'
import { latestVersion } from '../../../src/store/migrate.js'
import { makeOlderTrace } from '../../analyze/older-trace.js'
import { LOOPBACK6, MAPPED_PREFIX, packEvents, type EventFields } from '../../record/make-events.js'

const DIRECTORY = join(PACKAGE_ROOT, 'test/store/formats')
const STARTED_UNIX_NS = 1_700_000_000_123_456_789n
const SECOND_NS = 1_000_000_000n
const WEB = `${MAPPED_PREFIX}c0000201`
const MYSQL = `${MAPPED_PREFIX}0a000002`
const FPM = { comm: 'php-fpm', exe: 'php-fpm8.2', uid: 33, exeInode: 12n, cgroupId: 78n, netnsCookie: 4097n }
/** In a network namespace of its own. */
const PHP = { pid: 2000, tid: 2003, netns: 4_026_532_000, ...FPM }

/** The attempts of a window, and the rows after it. */
const WINDOW: readonly Partial<EventFields>[] = [
  { startedNs: 1n * SECOND_NS, latencyNs: 1_200_000n, remoteAddress: WEB, remotePort: 443 },
  { startedNs: 2n * SECOND_NS, latencyNs: 900_000n, remoteAddress: WEB, remotePort: 443, localPort: 40_001 },
  { startedNs: 3n * SECOND_NS, latencyNs: 50_000n, remoteAddress: LOOPBACK6, family: 6, outcome: 1, error: 111 },
  {
    ...PHP,
    startedNs: 4n * SECOND_NS,
    latencyNs: 3_500_000_000n,
    remoteAddress: WEB,
    remotePort: 443,
    synRetransmits: 2,
  },
]
const REST: readonly Partial<EventFields>[] = [
  { ...PHP, startedNs: 5n * SECOND_NS, latencyNs: 250_000n, remoteAddress: MYSQL, remotePort: 3306 },
  {
    ...PHP,
    startedNs: 6n * SECOND_NS,
    latencyNs: 7n * SECOND_NS,
    remoteAddress: MYSQL,
    remotePort: 3306,
    outcome: 2,
    error: 110,
  },
  { startedNs: 58n * SECOND_NS, latencyNs: 0n, remoteAddress: MYSQL, remotePort: 3306, outcome: 7 },
]
/** Rows that exist only since version 4: an inexact attempt, and one with an unknown process. */
const FOURTH: readonly Partial<EventFields>[] = [
  { startedNs: 7n * SECOND_NS, latencyNs: 1n, remoteAddress: WEB, remotePort: 443, flags: 64 },
  { pid: 0, tid: 0, startedNs: 8n * SECOND_NS, latencyNs: 400_000n, remoteAddress: WEB, remotePort: 443 },
]
/** Rows that exist only since version 8: a container with names. */
const EIGHTH: readonly Partial<EventFields>[] = [
  {
    ...PHP,
    pid: 3000,
    tid: 3000,
    cgroupId: 79n,
    startedNs: 9n * SECOND_NS,
    latencyNs: 300_000n,
    remoteAddress: WEB,
    remotePort: 443,
  },
]
const PATHS: ReadonlyMap<bigint, string> = new Map([
  [77n, '/system.slice/cron.service'],
  [78n, '/system.slice/php8.2-fpm.service'],
  [79n, `/kubepods/burstable/pod0b9f2f3e-1111-2222-3333-444455556666/${'0123456789abcdef'.repeat(4)}`],
])
const CART: ContainerFacts = {
  runtime: 'containerd',
  name: null,
  image: 'registry.example/shop/cart:1.4',
  podName: 'cart-0',
  podNamespace: 'shop',
  podUid: '0b9f2f3e-1111-2222-3333-444455556666',
  podContainer: 'cart',
}

/** The pod of the third cgroup has an address from 2 s to 8.5 s. */
function createOwners(): AddressOwners {
  const owners = createAddressOwners()
  const report = { owned: [], freed: [] }
  const owned = [['192.0.2.1', 'a key', PATHS.get(79n) ?? ''] as const]
  owners.take({ ...report, owned, checkedNs: '1900000000', sinceNs: '2000000000' })
  owners.take({ ...report, checkedNs: '8500000000', sinceNs: '8600000000' })
  return owners
}

const LOOKUPS = `
  UPDATE session SET dns_source = 'udp', dns_ports = '53,5353';
  INSERT INTO dns_name VALUES (1, 'web.example'), (2, 'gone.example');
  INSERT INTO dns_lookup VALUES
    (NULL, 1, 900000000, 15000000, 1, 1, 0, 1, 1, 4026531840, 1, 4097),
    (NULL, 1, 3900000000, 40000000, 2, 1, 3, 0, 2, NULL, 0, NULL);
  INSERT INTO dns_address VALUES (1, 1, '192.0.2.1');
  INSERT INTO connect_dns SELECT attempt_id, 1, 85000000, 15000000, 1 FROM connect_attempt AS a JOIN endpoint AS e
    USING (endpoint_id) WHERE e.remote_address = '192.0.2.1' AND a.started_ns < 4000000000`

/** Rows that exist only since version 8: other addresses of two attempts. */
const ADDRESSES = `
  INSERT INTO endpoint (family, address, remote_address, remote_port) VALUES
    (4, x'00000000000000000000ffff0af40107', '10.244.1.7', 8443), (4, x'00000000000000000000ffff0a60000a', '10.96.0.10', 443);
  INSERT INTO connect_nat VALUES
    (1, (SELECT endpoint_id FROM endpoint WHERE remote_port = 8443), NULL),
    (2, NULL, (SELECT endpoint_id FROM endpoint WHERE remote_address = '10.96.0.10'))`

/** Host, boot id and recorder are invented. */
const HOST = `UPDATE session SET host = 'web-1', boot_id = '2f1c4d34-0000-4000-8000-000000000000', kernel = '6.1.0-31-amd64',
  machine = 'x86_64', recorder_pid = 999, recorder_start_ticks = 1`

function writeTrace(path: string, version: number): void {
  rmSync(path, { force: true })
  const output = openOutput(path)
  const { db } = output
  const sessionId = insertSession(db, {
    toolVersion: '0.1.0',
    commandLine: 'tcpconn record --duration 1m trace.db',
    rotationBase: null,
    filters: '{}',
    ringBytes: 16_777_216,
    startedUnixNs: STARTED_UNIX_NS,
    dnsSource: null,
    dnsPorts: [],
    localErrors: false,
    nat: version >= 8,
    host: 'web-1',
    limits: ['one thing is not seen', 'nor is another'],
  })
  const loss = { ringFull: 1, mapFull: 0, writerBehind: 0, missed: 0, skipped: version >= 4 ? 2 : 0 }
  const rows = writeAttempts({ db, sessionId, version, loss })
  const kernel = rows + sumLoss(loss)
  if (version >= 3) db.exec(LOOKUPS)
  if (version >= 8) db.exec(ADDRESSES)
  closeSession(db, sessionId, {
    durationNs: 60e9,
    reason: 'duration',
    loss,
    completeness: { kernelMin: kernel, kernelMax: kernel, comparable: rows, uncomparable: 0 },
    dns: { lost: 0, malformed: 0, evicted: 0 },
    skipped: { all: 40, uncovered: 5 },
    lostProcesses: 1,
    lostDetails: { addresses: version >= 8 ? 3 : 0 },
  })
  db.exec(HOST)
  output.close()
}

interface Contents {
  readonly db: Database
  readonly sessionId: number
  readonly version: number
  readonly loss: LossCounts
}

/** @returns their number */
function writeAttempts({ db, sessionId, version, loss }: Contents): number {
  const names = {
    userName: (uid: number) => (uid === 33 ? 'www-data' : null),
    cgroupPath: (id: bigint) => PATHS.get(id) ?? null,
    containerFacts: () => CART,
    owners: createOwners(),
    hostNetns: 4_026_531_840,
  }
  const writer = createTraceWriter(db, { sessionId, epochNs: 0n, names, metadata: null })
  const write = (events: readonly Partial<EventFields>[], lost: LossCounts) => {
    const packed = packEvents(events)
    return writer.write(packed, packed.source, lost, 1e9)
  }
  const first = write(WINDOW, loss)
  writer.flushWindow()
  const all = first + write([...REST, ...(version >= 4 ? FOURTH : []), ...(version >= 8 ? EIGHTH : [])], NO_LOSS)
  if (version >= 8) writer.addNames(true)
  return all
}

const wanted = process.argv.slice(2).map(Number)
for (const version of wanted.length > 0 ? wanted : [latestVersion()]) {
  const path = join(DIRECTORY, `version-${version}.db`)
  if (version === latestVersion()) {
    writeTrace(path, version)
    continue
  }
  const newest = `${path}.newest`
  writeTrace(newest, version)
  rmSync(path, { force: true })
  makeOlderTrace(newest, version, path)
  rmSync(newest)
}
