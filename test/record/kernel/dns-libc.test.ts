import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readMappedLibcs } from '../../../src/record/host/find-libcs.js'
import { withHosts } from '../../support/hosts.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { interrupt, startLive } from '../../support/live.js'
import { addressesOf } from '../../support/lookups.js'
import { connectFromNode } from '../../support/node-client.js'
import { firstOutput, run, start } from '../../support/process.js'
import { recordWhile, startRecording } from '../../support/recorder.js'
import { REPOSITORY } from '../../support/repository.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { startStopwatch } from '../../support/stopwatch.js'
import { connectsOf, onlyConnectOf, queryTrace, readSession } from '../../support/trace.js'
import { workloadPath } from '../../support/workload.js'

const LIBC = { args: ['--dns=libc'] }
const HOSTS = ['127.77.0.1 db.internal', '127.77.0.2 cache.internal', '127.77.0.3 cache.internal']

interface NameRow {
  name: string
  query_type: number | null
  rcode: number | null
  address_count: number
  latency_ns: number | null
}

function namesOf(file: string, name: string): NameRow[] {
  const sql = `SELECT dns_name AS name, query_type, rcode, address_count, latency_ns FROM dns_lookup
    JOIN dns_name USING (dns_name_id) WHERE dns_name = ?`
  return queryTrace(file, sql, name)
}

/** Starts test/workload/resolve, which waits. Returns when its libc is mapped. */
async function startResolve(program: readonly string[], name: string) {
  const running = start([...withHosts(HOSTS), ...program, name, '80'])
  await firstOutput(running)
  return async () => {
    running.child.stdin.end('\n')
    const { pid, stdout } = await running.finished
    return { ...(JSON.parse(stdout.split('\n')[1] as string) as { error: number; addresses: number }), pid }
  }
}

/** The lookups of a program, and its connects. */
async function recordResolve(program: string, name: string) {
  const resolve = await startResolve([program], name)
  return recordWhile(LIBC, resolve)
}

describeKernel('--dns=libc', () => {
  test('records names of /etc/hosts, as Node.js and Python look them up', async () => {
    const under = withHosts(HOSTS)
    const python =
      'import os, socket\ntry: socket.create_connection(("DB.internal", 80))\nexcept OSError: print(os.getpid())'
    const { file, result } = await recordWhile(LIBC, async () => ({
      node: await connectFromNode('db.internal', 80, under),
      python: await run([...under, 'python3', '-c', python]),
    }))
    expect(onlyConnectOf(file, result.node.pid)).toMatchObject({
      dns_name: 'db.internal',
      remote_address: '127.77.0.1',
      dns_candidates: 1,
      dns_age_ns: expect.any(Number),
    })
    expect(onlyConnectOf(file, Number(result.python.stdout))).toMatchObject({ dns_name: 'db.internal' })
    const lookup = { query_type: null, rcode: 0, address_count: 1, latency_ns: expect.any(Number) }
    expect(namesOf(file, 'db.internal')).toEqual([
      { name: 'db.internal', ...lookup },
      { name: 'db.internal', ...lookup },
    ])
    expect(addressesOf(file, 'db.internal')).toEqual(['127.77.0.1'])
    expect(readSession(file)).toMatchObject({ dns_source: 'libc', dns_lost_count: 0, dns_malformed_count: 0 })
  })

  test('records several addresses, and the duration of the call', async () => {
    const elapsedNs = startStopwatch()
    const { file, result } = await recordResolve(workloadPath('resolve'), 'cache.internal')
    expect(result).toMatchObject({ error: 0, addresses: 2 })
    expect(namesOf(file, 'cache.internal')).toMatchObject([{ rcode: 0, address_count: 2 }])
    expect(addressesOf(file, 'cache.internal')).toEqual(['127.77.0.2', '127.77.0.3'])
    const row = onlyConnectOf(file, result.pid)
    expect(row).toMatchObject({
      dns_name: 'cache.internal',
      dns_lookup_ns: namesOf(file, 'cache.internal')[0]?.latency_ns,
    })
    expect(row.dns_lookup_ns).toBeGreaterThan(0)
    expect(row.dns_lookup_ns).toBeLessThan(elapsedNs())
  })

  test('records the error of getaddrinfo for unknown names', async () => {
    const { file, result } = await recordResolve(workloadPath('resolve'), 'nowhere.internal')
    expect(result.error).toBeLessThan(0)
    expect(namesOf(file, 'nowhere.internal')).toMatchObject([{ rcode: result.error, address_count: 0 }])
  })

  test('live shows the names in their column', async () => {
    const live = await startLive(['--dns=libc'])
    const { pid } = await connectFromNode('db.internal', 80, withHosts(HOSTS))
    const { stdout } = await interrupt(live)
    expect(stdout.split('\n').find((line) => line.startsWith(`${pid} `))).toMatch(/ 127\.77\.0\.1 +80 +db\.internal$/)
  })

  test('numeric addresses are not names', async () => {
    const { file, result } = await recordResolve(workloadPath('resolve'), '127.77.0.1')
    expect(onlyConnectOf(file, result.pid).dns_name).toBeNull()
    expect(namesOf(file, '127.77.0.1')).toEqual([])
  })

  test('records lookups of musl that is mapped when recording begins', async () => {
    const program = join(makeTemporaryDirectory(), 'resolve')
    execFileSync('musl-gcc', ['-std=c11', '-O2', join(REPOSITORY, 'test/workload/resolve.c'), '-o', program])
    const { file, result } = await recordResolve(program, 'cache.internal')
    expect(result).toMatchObject({ error: 0, addresses: 2 })
    expect(namesOf(file, 'cache.internal')).toMatchObject([{ rcode: 0, address_count: 2, query_type: null }])
    expect(onlyConnectOf(file, result.pid).dns_name).toBe('cache.internal')
  })

  test('records lookups of a libc in the mount namespace of a container', async () => {
    const [libc] = readMappedLibcs(readFileSync('/proc/self/maps', 'utf8'))
    const directory = makeTemporaryDirectory()
    const script = `mount -t tmpfs none ${directory} && cp "$0" ${directory}/libc.so.6 &&
      exec env LD_LIBRARY_PATH=${directory} "$@"`
    const container = ['unshare', '--mount', 'sh', '-c', script, libc?.path ?? '']
    const resolve = await startResolve([...container, workloadPath('resolve')], 'cache.internal')
    const { file, result } = await recordWhile(LIBC, resolve)
    expect(existsSync(join(directory, 'libc.so.6'))).toBe(false)
    expect(result).toMatchObject({ error: 0, addresses: 2 })
    expect(onlyConnectOf(file, result.pid).dns_name).toBe('cache.internal')
  })

  test('ignores a call without a name', async () => {
    const script = `import ctypes
libc = ctypes.CDLL("libc.so.6")
print(libc.getaddrinfo(None, None, None, ctypes.byref(ctypes.c_void_p())))`
    const recording = await startRecording(LIBC)
    const { status } = await run(['python3', '-c', script])
    const { pid } = await connectFromNode('127.77.0.1', 80)
    await recording.stop()
    expect(status).toBe(0)
    expect(connectsOf(recording.file, pid)).toHaveLength(1)
  })
})
