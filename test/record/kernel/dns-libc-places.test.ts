import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { findLibcs, readMappedLibcs } from '../../../src/record/host/find-libcs.js'
import { holdLibcs } from '../../../src/record/host/hold-libcs.js'
import { requireLibcMachine } from '../../../src/record/host/libc-machine.js'
import { withHosts } from '../../support/hosts.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { firstOutput, start } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { onlyConnectOf } from '../../support/trace.js'
import { startWorkload, workloadPath } from '../../support/workload.js'

const LIBC = { args: ['--dns=libc'] }
/** elf.h */
const [MACHINE_AT, EM_386] = [18, 3]
const HOSTS = ['127.77.0.1 db.internal']

/** Path of the libc of this process. */
const libcPath = () => readMappedLibcs(readFileSync('/proc/self/maps', 'utf8'))[0]?.path ?? ''

/** Starts a program that has its libc mapped, calls `meanwhile`, and records the program's lookups and connects. */
async function recordResolve(command: readonly string[], meanwhile: () => void = () => {}) {
  const running = start(command)
  await firstOutput(running)
  meanwhile()
  return recordWhile(LIBC, async () => {
    running.child.stdin.end('\n')
    return JSON.parse((await running.finished).stdout.split('\n')[1] as string) as { pid: number; error: number }
  })
}

/** A root directory in which test/workload/resolve can run. */
function makeRoot(): string {
  const root = makeTemporaryDirectory()
  const put = (from: string, to = from) => {
    mkdirSync(dirname(join(root, to)), { recursive: true })
    copyFileSync(from, join(root, to))
  }
  const libraries = execFileSync('ldd', [workloadPath('resolve')], { encoding: 'utf8' })
  for (const [path] of libraries.matchAll(/\/\S+/g)) put(path)
  put(workloadPath('resolve'), '/resolve')
  mkdirSync(join(root, 'etc'))
  writeFileSync(join(root, 'etc/hosts'), `${HOSTS.join('\n')}\n`)
  return root
}

/** Starts a process that maps files with these contents, named like a libc. Returns their inode numbers. */
async function mapAsLibc(contents: readonly Uint8Array[]): Promise<number[]> {
  const paths = contents.map((content) => {
    const path = join(makeTemporaryDirectory(), 'libc.so.6')
    writeFileSync(path, content)
    return path
  })
  await firstOutput(startWorkload('map-file', paths))
  return paths.map((path) => statSync(path).ino)
}

describeKernel('--dns=libc with unusual libcs', () => {
  test('finds a libc below the root directory of a process that called chroot(2)', async () => {
    const { file, result } = await recordResolve(['chroot', makeRoot(), '/resolve', 'db.internal', '80'])
    expect(result.error).toBe(0)
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ dns_name: 'db.internal' })
  })

  test('finds a libc that has no name any more, as after an upgrade', async () => {
    const copy = join(makeTemporaryDirectory(), 'libc.so.6')
    copyFileSync(libcPath(), copy)
    const under = [...withHosts(HOSTS), 'env', `LD_LIBRARY_PATH=${dirname(copy)}`]
    const command = [...under, workloadPath('resolve'), 'db.internal', '80']
    const { file, result } = await recordResolve(command, () => rmSync(copy))
    expect(onlyConnectOf(file, result.pid)).toMatchObject({ dns_name: 'db.internal' })
  })

  test('ignores a libc of another machine, whose arguments are in other registers (GAP-69)', async () => {
    const [own, foreign] = [readFileSync(libcPath()), readFileSync(libcPath())]
    foreign.writeUInt16LE(EM_386, MACHINE_AT)
    const [ownInode, foreignInode] = await mapAsLibc([own, foreign])
    const held = holdLibcs(findLibcs(), requireLibcMachine())
    const inodes = held.libcs.map(({ path }) => statSync(path).ino)
    held.close()
    expect(inodes).toContain(ownInode)
    expect(inodes).not.toContain(foreignInode)
  })
})
