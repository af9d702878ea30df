import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isHostRoot, openHostView } from '../../../src/record/host/host-view.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

describe('on the host itself', () => {
  test('everything is visible', () => {
    expect(openHostView()).toMatchObject({ name: hostname(), root: '/', gaps: [] })
  })

  test('--host-root is used if it is set', () => {
    expect(openHostView('/no/such/root')).toMatchObject({ name: hostname(), root: '/no/such/root' })
  })
})

test.each([
  ['passwd: files systemd # sss', []],
  ['group: sss', []],
  ['passwd:\tcompat [NOTFOUND=continue] sss ldap', ['sss', 'ldap']],
])('a container cannot query the accounts of a host with %j', (line, services) => {
  const root = makeTemporaryDirectory()
  mkdirSync(join(root, 'etc'))
  writeFileSync(join(root, 'etc/nsswitch.conf'), `hosts: files dns\n${line}\n`)
  const gaps = openHostView(root).gaps.filter((gap) => gap.includes('users from other sources'))
  expect(gaps).toEqual(
    services.length === 0
      ? []
      : [expect.stringContaining(`users from other sources (${services.join(', ')}) have no names`)],
  )
})

describe('/host is the root of the host', () => {
  const mount = (path: string, type = 'ext4') => ({ path, type })
  const makeRoot = () => {
    const root = makeTemporaryDirectory()
    mkdirSync(join(root, 'etc'))
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
    return root
  }

  test('if it is a recursive bind mount with accounts', () => {
    const root = makeRoot()
    expect(isHostRoot(root, [mount(root), mount(`${root}/proc`, 'proc')])).toBe(true)
    rmSync(join(root, 'etc/passwd'))
    expect(isHostRoot(root, [mount(root), mount(`${root}/proc`, 'proc')])).toBe(false)
  })

  test('but not if it is a directory of the image, or a volume', () => {
    const root = makeRoot()
    expect(isHostRoot(root, [])).toBe(false)
    expect(isHostRoot(root, [mount(root)])).toBe(false)
    expect(isHostRoot(root, [mount(`${root}/proc`, 'proc')])).toBe(false)
  })
})
