import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { UsageError } from '../../../src/base/errors.js'
import { parseCgroup } from '../../../src/record/options/parse-cgroup.js'
import { parseRecordOptions } from '../../../src/record/options/parse-record-options.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const CGROUP2_SUPER_MAGIC = 0x63677270
/** MAX_CGROUPS of bpf/filters.h */
const PROBE_CGROUPS = 64
const cgroups = vi.hoisted(() => ({ root: '/none' }))

// Creating a cgroup v2 file system takes privileges: a plain directory replaces it.
vi.mock('node:fs', async (importActual) => {
  const fs = await importActual<typeof import('node:fs')>()
  const statfsSync = (path: string | Buffer) => {
    fs.statSync(path)
    return { type: String(path).startsWith(cgroups.root) ? CGROUP2_SUPER_MAGIC : 0 }
  }
  return { ...fs, statfsSync }
})

afterEach(() => void (cgroups.root = '/none'))

function makeRoot(): string {
  cgroups.root = makeTemporaryDirectory()
  mkdirSync(join(cgroups.root, 'system.slice/nginx.service'), { recursive: true })
  writeFileSync(join(cgroups.root, 'cgroup.procs'), '')
  return cgroups.root
}

describe('a cgroup', () => {
  test('is accepted as a directory', () => {
    const root = makeRoot()
    expect(parseCgroup(`${root}/system.slice/`, root)).toBe(join(root, 'system.slice'))
  })

  test.each([
    '/system.slice/nginx.service',
    'system.slice/nginx.service',
    '/system.slice/../system.slice/nginx.service',
  ])('is accepted as a path below the root: %s', (path) => {
    const root = makeRoot()
    expect(parseCgroup(path, root)).toBe(join(root, 'system.slice/nginx.service'))
  })

  test('may be the root', () => {
    const root = makeRoot()
    expect(parseCgroup('/', root)).toMatch(new RegExp(`^${root}/?$`))
  })
})

describe('refuses', () => {
  test.each(['', '/nothing.slice', '/etc', 'nothing'])('%j', (text) => {
    const root = makeRoot()
    expect(() => parseCgroup(text, root)).toThrow(UsageError)
    expect(() => parseCgroup(text, root)).toThrow(
      expect.objectContaining({
        message: `--cgroup: ${JSON.stringify(text)} is not accepted`,
        reason: expect.stringContaining(`${root}/system.slice`),
      }),
    )
  })

  test('a file of the hierarchy (SEC-59)', () => {
    const root = makeRoot()
    expect(() => parseCgroup('/cgroup.procs', root)).toThrow(UsageError)
  })

  test('more cgroups than the probe supports: a filter is never dropped silently', () => {
    const root = makeRoot()
    const cgroup = Array.from({ length: PROBE_CGROUPS + 1 }, (_, i) => join(root, `${i}.slice`))
    for (const path of cgroup) mkdirSync(path)
    const parse = (paths: string[]) => parseRecordOptions({ cgroup: paths }, undefined, [], '')
    expect(parse(cgroup.slice(0, PROBE_CGROUPS)).filters.cgroups).toEqual(cgroup.slice(0, PROBE_CGROUPS))
    expect(() => parse(cgroup)).toThrow(UsageError)
  })

  test('any cgroup on a host without cgroup v2', () => {
    expect(() => parseCgroup('/system.slice', null)).toThrow(/--cgroup: "\/system.slice" is not accepted/)
  })
})
