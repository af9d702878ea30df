import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { formatAddress, parseAddress } from '../../../src/attempt/address.js'
import { parseTreatment } from '../../../src/analyze/share/fields.js'
import { findOriginals } from '../../../src/analyze/share/find-originals.js'
import { createShareKey } from '../../../src/analyze/share/keyed/share-key.js'
import { createPseudonyms } from '../../../src/analyze/share/pseudonyms.js'
import { REPOSITORY } from '../../support/repository.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { SECRET, shareSample } from './shared-sample.js'

/** With rows in every table */
const FULL_TRACE = join(REPOSITORY, 'test/store/formats/version-8.db')
const [ENDPOINT, ADDRESS] = ['10.0.0.2:3306', '10.0.0.2']

/** The pseudonym of an address */
function hide(address: string, level = 'default'): string {
  const { addresses } = createPseudonyms(createShareKey(SECRET), parseTreatment({ level }))
  return formatAddress(addresses.of(parseAddress(address) as Uint8Array))
}

/** Runs reveal in a directory with the key `key` and the original trace `original.db`. */
function reveal(...args: string[]) {
  const cwd = makeTemporaryDirectory()
  writeFileSync(join(cwd, 'key'), `${SECRET.toString('hex')}\n`, { mode: 0o600 })
  copyFileSync(FULL_TRACE, join(cwd, 'original.db'))
  return runTool(['reveal', ...args, '--key', 'key'], { cwd })
}

/** One column of a row */
function read(file: string, sql: string): string {
  const db = new Database(file, { readonly: true })
  const value = db.prepare(sql).pluck().get()
  db.close()
  return String(value)
}

test('the originals of addresses and names are printed, also of labels and suffixes of names', async () => {
  const trace = join(makeTemporaryDirectory(), 'trace.db')
  copyFileSync(FULL_TRACE, trace)
  const db = new Database(trace)
  db.exec("UPDATE dns_name SET dns_name = 'api.web.acme.com' WHERE dns_name_id = 1")
  db.close()
  const shared = await shareSample([trace])
  const user = read(shared, "SELECT user FROM process WHERE user LIKE 'user-%' OR user LIKE 'system-%'")
  const name = read(shared, 'SELECT dns_name FROM dns_name WHERE dns_name_id = 1')
  const labels = name.split('.')
  const asked = [hide(ADDRESS), user, name, labels[0], labels.slice(1).join('.'), labels[2], `${name}:443`] as string[]
  const { status, stdout, stderr } = await reveal(...asked, '--trace', trace)
  const found = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
  expect([status, stderr]).toEqual([0, ''])
  expect(found.map(([pseudonym]) => pseudonym)).toEqual(asked)
  const [address, person, ...names] = found.map(([, original]) => original)
  expect(read(trace, `SELECT count(*) FROM process WHERE user = '${person}'`)).not.toBe('0')
  const [whole, suffix, domain] = ['api.web.acme.com', 'web.acme.com', 'acme.com']
  expect([address, ...names]).toEqual([ADDRESS, whole, whole, suffix, domain, whole])
})

test('if two names have the same token, both are printed', () => {
  const db = new Database(FULL_TRACE, { readonly: true })
  const pseudonyms = createPseudonyms(createShareKey(SECRET), parseTreatment({}))
  const same: typeof pseudonyms = {
    ...pseudonyms,
    replace: (field, kind, value, row) =>
      kind === 'program' ? 'prog-00000000' : pseudonyms.replace(field, kind, value, row),
  }
  const programs = db
    .prepare('SELECT comm FROM process WHERE comm NOT NULL UNION SELECT exe FROM process WHERE exe NOT NULL')
    .pluck()
    .all()
  expect(programs.length).toBeGreaterThan(1)
  const found = findOriginals(db, [same], new Set(['prog-00000000', 'prog-11111111']))
  db.close()
  expect([...(found.get('prog-00000000') ?? [])].toSorted()).toEqual(programs.toSorted())
  expect(found.has('prog-11111111')).toBe(false)
})

test('an address may be copied with its port, and in brackets', async () => {
  const asked = [`${hide(ADDRESS)}:3306`, `[${hide(ADDRESS)}]`, '[::1]:443']
  const { stdout } = await reveal(...asked, '--trace', 'original.db')
  expect(stdout).toBe(`${asked[0]}\t${ENDPOINT}\n${asked[1]}\t${ADDRESS}\n[::1]:443\t[::1]:443\n`)
})

test('with the original trace, an address is found at both levels, and a class of ports as the ports of the address', async () => {
  const asked = [hide(ADDRESS, 'strict'), `${hide('10.244.1.7', 'strict')}:8443`]
  const { status, stdout } = await reveal(...asked, '--trace', 'original.db')
  expect([status, stdout]).toEqual([0, `${asked[0]}\t${ADDRESS}\n${asked[1]}\t10.244.1.7:8443\n`])
})

test('without a trace, a decrypted address is printed as not verified', async () => {
  const { status, stdout, stderr } = await reveal(hide(ADDRESS))
  expect([status, stdout]).toEqual([0, `${hide(ADDRESS)}\t${ADDRESS}\n`])
  expect(stderr).toContain(`not verified: ${hide(ADDRESS)}: no original trace is given`)
})

test('tcpconn.db verifies addresses if it exists, and need not be the original', async () => {
  const cwd = makeTemporaryDirectory()
  writeFileSync(join(cwd, 'key'), `${SECRET.toString('hex')}\n`, { mode: 0o600 })
  copyFileSync(FULL_TRACE, join(cwd, 'tcpconn.db'))
  const run = (one: string) => runTool(['reveal', one, '--key', 'key'], { cwd })
  expect((await run(hide(ADDRESS))).stderr).toBe('')
  const { status, stderr } = await run('10.1.2.3')
  expect(status).toBe(0)
  expect(stderr).toContain('not verified: 10.1.2.3: not in tcpconn.db')
})

test.each([
  ['prog-00000000', 'no name of original.db has the pseudonym prog-00000000'],
  ['10.1.2.3', 'which is not in original.db'],
  ['0.0.0.0:443', '0.0.0.0 stands for addresses that were merged or dropped'],
  ['1234', 'numbers are not revealed'],
  [`${hide(ADDRESS)}:99`, 'but not with port 99'],
  [ADDRESS, 'is itself in original.db'],
])('%s has no original', async (asked, reason) => {
  const { status, stdout, stderr } = await reveal(asked, '--trace', 'original.db')
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toContain('E_NO_ORIGINAL')
  expect(stderr).toContain(reason)
})

test('what has an original is printed beside what has none', async () => {
  const { status, stdout } = await reveal('prog-00000000', hide(ADDRESS), '--trace', 'original.db')
  expect([status, stdout]).toEqual([1, `${hide(ADDRESS)}\t${ADDRESS}\n`])
})

test('another key reveals nothing of a given trace', async () => {
  const key = join(makeTemporaryDirectory(), 'key')
  writeFileSync(key, `${'ab'.repeat(32)}\n`, { mode: 0o600 })
  const { status, stdout } = await runTool(['reveal', hide(ADDRESS), '--key', key, '--trace', FULL_TRACE])
  expect([status, stdout]).toEqual([1, ''])
})

test('an empty pseudonym is refused: dropped values are empty too', async () => {
  const { status, stdout, stderr } = await reveal('', '--trace', 'original.db')
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toContain('PSEUDONYM')
})

test('the key is required', async () => {
  const { status, stderr } = await runTool(['reveal', '10.1.2.3'])
  expect(status).toBe(2)
  expect(stderr).toContain('hint: add --key FILE')
})

test('the originals of containers, their pods, namespaces and images are printed, also of NAMESPACE/POD', async () => {
  const columns = 'container_id, container_image, pod_name, pod_namespace, pod_uid, pod_container_name'
  const [originals, tokens] = [FULL_TRACE, await shareSample([FULL_TRACE])].map((path) => {
    const db = new Database(path, { readonly: true })
    const row = db.prepare(`SELECT ${columns} FROM container`).raw().get() as string[]
    db.close()
    return [...row, `${row[3]}/${row[2]}`]
  }) as [string[], string[]]
  expect(tokens.filter((token) => originals.includes(token))).toEqual([])
  const { status, stdout } = await reveal(...tokens, '--trace', 'original.db')
  expect([status, stdout]).toEqual([0, tokens.map((token, i) => `${token}\t${originals[i]}\n`).join('')])
})
