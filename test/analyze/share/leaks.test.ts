import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { MAPPED_PREFIX, type EventFields } from '../../record/make-events.js'
import { createRandom, randomInteger } from '../../store/random.js'
import { makeSampleTrace } from '../sample-trace.js'
import { findSecrets, readSecrets } from './declared-secrets.js'
import { encodingsOfAddress, encodingsOfName, findLeaks } from './leaked-encodings.js'
import { shareSample } from './shared-sample.js'

const COMMS = ['acme-worker', 'billing-svc', 'zebra thread']
const EXES = ['acmed', 'billing-daemon']
const USERS = { 33: 'www-zebra', 1234: 'alice.smith' } as const
const NAMES = [
  'db.acme-corp.com',
  'api.eu.acme-corp.com',
  'vault.acme-corp.internal',
  'intranet-zebra',
  'x.customer-seven.co.uk',
  'www.zebracorp.ck',
  'db.zebracity.kawasaki.jp',
  'host.zebra\\.com',
]
const CGROUPS = [
  '/system.slice/acme-billing.service',
  '/kubepods.slice/kubepods-pod0815-4711.slice/cri-containerd-feedfacecafe.scope',
]
/** Of the containers of the second cgroup */
const CONTAINER = {
  container_id: 'feedfacecafe00112233445566778899',
  container_name: 'zebra-container',
  container_image: 'registry.acme.example/zebra/cart:1.4',
  pod_name: 'zebra-pod-0',
  pod_namespace: 'zebra-space',
  pod_uid: '0b9f2f3e-1111-2222-3333-444455556666',
  pod_container_name: 'zebra-cart',
} as const
const HOST = 'prod-acme-17'
const BOOT = '8227a138-2a55-4211-b196-c206b6fb810b'
const COMMAND = 'tcpconn record /home/alice/secret-project.db --comm acme-worker'
const ROTATION = 'secret-project.db'
const LIMIT = 'BPF programs may redirect connect(2) (acme_sock4): remote addresses may be those of backends'
const DELETED = 'deleted-acme-name.com'
const KERNEL = '6.1.0-acme-cloud'

/** Public and private addresses of both families that are not in any other bytes of a trace. */
function makeAddresses(random: () => number): { readonly bytes: string; readonly text: string }[] {
  return Array.from({ length: 40 }, (_, i) => {
    const part = () => randomInteger(random, 100, 250)
    if (i % 4 === 3) {
      const groups = Array.from({ length: 6 }, () => (part() * 256 + part()).toString(16))
      return { bytes: `20010db8${groups.join('')}`, text: `2001:db8:${groups.join(':')}` }
    }
    const octets = [i % 2 === 0 ? 10 : 93, part(), part(), part()]
    return { bytes: MAPPED_PREFIX + Buffer.from(octets).toString('hex'), text: octets.join('.') }
  })
}

interface Generated {
  readonly file: string
  readonly addresses: readonly string[]
}

function makeTelling(): Generated {
  const random = createRandom(99)
  const addresses = makeAddresses(random)
  const pick = <T>(list: readonly T[]) => list[randomInteger(random, 0, list.length - 1)] as T
  const events = Array.from({ length: 4000 }, (_, i): Partial<EventFields> => {
    const [remote, local] = [pick(addresses), pick(addresses)]
    return {
      startedNs: BigInt(i) * 10_000_000n,
      remoteAddress: remote.bytes,
      family: remote.text.includes(':') ? 6 : 4,
      localAddress: local.bytes,
      comm: pick(COMMS),
      exe: pick(EXES),
      uid: pick([33, 1234]),
      cgroupId: BigInt(randomInteger(random, 1, 2)),
      latencyNs: BigInt(randomInteger(random, 1000, 1e9)),
      outcome: pick([0, 0, 0, 1, 2]),
    }
  })
  const { db, file } = makeSampleTrace({ batches: [events.slice(0, 3000), null, events.slice(3000)] })
  const update = db.prepare('UPDATE process SET user = ? WHERE uid = ?')
  for (const [uid, name] of Object.entries(USERS)) update.run(name, Number(uid))
  const cgroup = db.prepare('UPDATE cgroup SET path = ?, container = ? WHERE kernel_cgroup_id = ?')
  CGROUPS.forEach((path, i) => cgroup.run(path, i === 0 ? 'acme-billing.service' : 'feedfacecafe', i + 1))
  const name = db.prepare('INSERT INTO dns_name VALUES (?, ?)')
  NAMES.forEach((text, i) => name.run(i + 1, text))
  const lookup = db.prepare(
    `INSERT INTO dns_lookup (session_id, started_ns, dns_name_id, address_count) VALUES (1, ?, ?, 1)`,
  )
  NAMES.forEach((_, i) => lookup.run(i * 1e9, i + 1))
  const resolved = db.prepare('INSERT OR IGNORE INTO dns_address VALUES (1, ?, ?)')
  addresses.forEach(({ text }, i) => resolved.run(1 + (i % NAMES.length), text))
  db.exec(
    `INSERT INTO connect_dns SELECT attempt_id, 1 + attempt_id % ${NAMES.length}, 1000, 1000, 1 FROM connect_attempt WHERE attempt_id % 3 = 0`,
  )
  const columns = Object.keys(CONTAINER)
  db.prepare(
    `INSERT INTO container (container_key, session_id, ${columns.join(', ')}) VALUES (1, 1, ${columns.map(() => '?').join(', ')})`,
  ).run(...Object.values(CONTAINER))
  db.exec('UPDATE cgroup SET container_key = 1 WHERE kernel_cgroup_id = 2')
  db.exec('INSERT INTO container_address SELECT DISTINCT 1, remote_address, 0, NULL, 1 FROM endpoint')
  db.exec(`INSERT INTO connect_nat SELECT attempt_id, 1 + attempt_id % 30, 1 + attempt_id % 20 FROM connect_attempt
    WHERE attempt_id % 4 = 0`)
  db.prepare(
    'UPDATE session SET host = ?, boot_id = ?, command_line = ?, rotation_base = ?, kernel = ?, filters = ?, limits = ?',
  ).run(
    HOST,
    BOOT,
    COMMAND,
    ROTATION,
    KERNEL,
    JSON.stringify({ comm: COMMS, cgroup: CGROUPS }),
    JSON.stringify([LIMIT]),
  )
  // What was deleted stays in free pages of the original.
  db.prepare('INSERT INTO dns_name VALUES (900, ?)').run(DELETED)
  db.exec('DELETE FROM dns_name WHERE dns_name_id = 900')
  db.pragma('wal_checkpoint(TRUNCATE)')
  return { file, addresses: addresses.map(({ text }) => text) }
}

const SECRETS = [
  ...COMMS,
  ...EXES,
  ...Object.values(USERS),
  ...NAMES,
  ...CGROUPS,
  ...Object.values(CONTAINER),
  HOST,
  BOOT,
  COMMAND,
  ROTATION,
  LIMIT,
  DELETED,
  KERNEL,
]
const PARTS = [
  'acme',
  'zebra',
  'alice',
  'customer',
  'billing',
  'feedfacecafe',
  'kubepods-pod0815',
  'secret',
  'intranet',
  'vault',
]

test.each([
  ['default', {}],
  ['strict', { level: 'strict' }],
  ['default, a part of the attempts', { port: ['443'], last: '40s' }],
  ['strict, without names', { level: 'strict', drop: ['dns,comm,cgroup,container,addresses'] }],
])('level %s: no name, address or path is in the bytes of the file, in any form (SEC-64)', async (_, options) => {
  const { file, addresses } = makeTelling()
  const forms = [...SECRETS, ...PARTS].flatMap(encodingsOfName).concat(addresses.flatMap(encodingsOfAddress))
  const original = readFileSync(file)
  // The forms that are searched for are those in which a trace has names and addresses.
  const inOriginal = findLeaks(original, forms)
  for (const name of [...COMMS, ...NAMES, ...CGROUPS, ...Object.values(CONTAINER), HOST, COMMAND, DELETED])
    expect(inOriginal).toContain(`${name} as UTF8`)
  for (const address of addresses)
    expect(inOriginal).toEqual(expect.arrayContaining([`${address} as text`, `${address} as 16 bytes`]))

  const shared = await shareSample([file], options)
  expect(findLeaks(readFileSync(shared), forms)).toEqual([])
  const db = new Database(shared, { readonly: true })
  const hasOwners = db.prepare('SELECT EXISTS (SELECT 1 FROM container_address)').pluck().get() === 1
  db.close()
  expect(hasOwners).toBe(!('drop' in options))
})

test('the secrets of a recorded trace are those of its declared columns, and are found where they are (SEC-64)', async () => {
  const { file, addresses } = makeTelling()
  const secrets = readSecrets(file)
  const all = new Set([...secrets.values()].flatMap((values) => [...values]))
  const wanted = [...COMMS, ...EXES, ...Object.values(USERS), ...NAMES, ...CGROUPS, ...Object.values(CONTAINER)]
  expect([...wanted, HOST, BOOT, COMMAND, ROTATION, ...addresses].filter((secret) => !all.has(secret))).toEqual([])
  expect(secrets.get('kernel')).toEqual(new Set(['acme-cloud']))
  expect(secrets.get('limits')).toEqual(new Set([' (acme_sock4): remote addresses may be those of backends']))

  expect(findSecrets(file, await shareSample([file]))).toEqual([])
  const kept = findSecrets(file, await shareSample([file], { keep: ['host', 'addresses'] }))
  for (const secret of [HOST, ...addresses]) expect(kept).toContain(`${secret} as a value`)
  expect(kept).toContain(`${HOST} as UTF8`)
})

test('a shared trace is one closed file of mode 0600, without free pages (SEC-65)', async () => {
  const { file } = makeTelling()
  const shared = await shareSample([file])
  expect(readdirSync(dirname(shared))).toEqual(['shared.db'])
  const db = new Database(shared, { readonly: true })
  expect(db.pragma('freelist_count', { simple: true })).toBe(0)
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()
  expect(readFileSync(shared)[19]).toBe(1)
  expect(existsSync(`${shared}-wal`)).toBe(false)
})
