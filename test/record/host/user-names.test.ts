import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createUserNames } from '../../../src/record/host/user-names.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const PASSWD = [
  'root:x:0:0:root:/root:/bin/bash',
  'www-data:x:33:34:www-data:/var/www:/usr/sbin/nologin',
  'twin:x:33:100::/home/twin:/bin/sh',
  '',
  '# a comment',
  'broken:x:abc:1::/:/bin/sh',
  'short:x:7',
  '+::::::',
  'ünï-コード:x:1001:1001:,,,:/home/ünï:/bin/sh',
].join('\n')

/** Puts a fake getent(1) first in PATH. It logs its arguments and prints `line` for `key`. */
function fakeGetent(key: string, line: string) {
  const directory = makeTemporaryDirectory()
  const log = join(directory, 'log')
  writeFileSync(log, '')
  const script = `#!/bin/sh\necho "$*" >> ${log}\n[ "$3" = '${key}' ] && echo '${line}' || exit 2\n`
  writeFileSync(join(directory, 'getent'), script)
  chmodSync(join(directory, 'getent'), 0o755)
  vi.stubEnv('PATH', `${directory}:${process.env.PATH}`)
  return { asked: () => readFileSync(log, 'utf8').trim().split('\n').filter(Boolean) }
}

afterEach(() => void vi.unstubAllEnvs())

describe('/etc/passwd', () => {
  const users = createUserNames(PASSWD)

  test('maps numbers to names, and names to numbers', () => {
    const user = { uid: 33, gid: 34, name: 'www-data', home: '/var/www' }
    expect(users.byUid(33)).toEqual(user)
    expect(users.byName('www-data')).toEqual(user)
    expect(users.byUid(0)?.name).toBe('root')
    expect(users.byName('ünï-コード')).toMatchObject({ uid: 1001, home: '/home/ünï' })
  })

  test('two names with one number: the number has the first name, both names have the number', () => {
    expect(users.byUid(33)?.name).toBe('www-data')
    expect(users.byName('twin')).toMatchObject({ uid: 33, gid: 100 })
  })

  test('of this host has root', () => {
    expect(createUserNames().byUid(0)).toMatchObject({ uid: 0, gid: 0 })
  })
})

describe('getent', () => {
  test('is called once for each account that is not in the file', () => {
    const { asked } = fakeGetent('5000', 'ldap-user:x:5000:600::/home/ldap:/bin/sh')
    const users = createUserNames(PASSWD)
    for (let i = 0; i < 3; i++)
      expect(users.byUid(5000)).toEqual({ uid: 5000, gid: 600, name: 'ldap-user', home: '/home/ldap' })
    for (let i = 0; i < 3; i++) expect(users.byUid(5001)).toBeNull()
    expect(asked()).toEqual(['passwd -- 5000', 'passwd -- 5001'])
  })

  test('finds accounts by name, and never passes a name as an option', () => {
    const { asked } = fakeGetent('--help', 'odd:x:5:5::/:/bin/sh')
    expect(createUserNames(PASSWD).byName('--help')?.uid).toBe(5)
    expect(asked()).toEqual(['passwd -- --help'])
  })

  test('invalid lines of the file are ignored', () => {
    fakeGetent('nothing', '')
    const users = createUserNames(PASSWD)
    for (const name of ['broken', 'short', '+', '', '# a comment']) expect(users.byName(name)).toBeNull()
  })

  test('is called for at most half a second per minute during a recording, and once more at its end', () => {
    const { asked } = fakeGetent('5000', 'ldap-user:x:5000:600::/home/ldap:/bin/sh')
    let ms = 0
    // Each lookup takes 200 ms.
    const users = createUserNames(PASSWD, () => (ms += 100))
    const namesOf = (...uids: number[]) => uids.map((uid) => users.nameOf(uid))
    expect(namesOf(5000, 5001, 5002, 5003)).toEqual(['ldap-user', null, null, null])
    expect(namesOf(5004, 5005, 5006)).toEqual([null, undefined, undefined])
    expect(namesOf(5000, 5001, 33), 'what is known').toEqual(['ldap-user', null, 'www-data'])
    ms = 60_000
    expect(namesOf(5005)).toEqual([null])
    expect(asked()).toHaveLength(6)
  })

  test('finds nobody if it does not answer in time or does not exist (SEC-03)', () => {
    const directory = makeTemporaryDirectory()
    writeFileSync(join(directory, 'getent'), '#!/bin/sh\nexec sleep 60\n')
    chmodSync(join(directory, 'getent'), 0o755)
    vi.stubEnv('PATH', `${directory}:${process.env.PATH}`)
    expect(createUserNames('').byUid(1)).toBeNull()
    vi.stubEnv('PATH', makeTemporaryDirectory())
    expect(createUserNames('').byUid(1)).toBeNull()
  })
})
