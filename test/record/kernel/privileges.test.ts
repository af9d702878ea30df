import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { expectError } from '../../support/error-lines.js'
import { describeKernel, skipUnless } from '../../support/kernel-tests.js'
import { SILENT_ADDRESS, addSilentLink, makeNetworkNamespace, readTcpCounter } from '../../support/network-namespace.js'
import { readThreads } from '../../support/process-status.js'
import { readOnlyBut } from '../../support/read-only.js'
import { startRecording } from '../../support/recorder.js'
import { waitForSynSent } from '../../support/syn-sent.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { connectsOf, onlyConnectOf } from '../../support/trace.js'
import { GAMES_GID, GAMES_UID, SUDO_GAMES, asUser, recordAsGames, hostUser } from '../../support/users.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect, startWorkload } from '../../support/workload.js'

/** Bits 39 and 21, linux/capability.h. */
const CAP_BPF = '0000008000000000'
const CAP_SYS_ADMIN = '0000000000200000'
const NONE = '0000000000000000'
const USE_IO_URING = { UV_USE_IO_URING: '1' }

describeKernel('privileges under sudo', () => {
  test('all threads of the recorder change to the user, and one keeps CAP_BPF (SEC-08, SEC-10)', async () => {
    const recording = await startRecording(recordAsGames())
    const [main, ...others] = readThreads(recording.pid)
    expect(others.length).toBeGreaterThan(0)
    const identity = { Uid: '5 5 5 5', Gid: '60 60 60 60', Groups: groupsOfGames(), CapInh: NONE, CapAmb: NONE }
    expect(main).toMatchObject({ ...identity, CapEff: CAP_BPF, CapPrm: CAP_BPF })
    for (const thread of others) expect(thread).toMatchObject({ ...identity, CapEff: NONE, CapPrm: NONE })
    await recording.stop()
  })

  test('in a container with CAP_SYS_ADMIN instead of CAP_BPF, that capability is kept (SEC-11)', async () => {
    const under = ['setpriv', '--inh-caps=-bpf,-perfmon', '--bounding-set=-bpf,-perfmon']
    const recording = await startRecording({ ...recordAsGames(), under })
    const [main, ...others] = readThreads(recording.pid)
    expect(main).toMatchObject({ Uid: '5 5 5 5', CapEff: CAP_SYS_ADMIN, CapPrm: CAP_SYS_ADMIN, CapInh: NONE })
    for (const thread of others) expect(thread).toMatchObject({ CapEff: NONE, CapPrm: NONE })
    await recording.stop()
  })

  test('the user changes even if functions of Node.js refuse it, as in Debian 13 (SEC-08)', async () => {
    const preload = join(makeTemporaryDirectory(), 'refuse.cjs')
    const names = ['initgroups', 'setgroups', 'setgid', 'setegid', 'setuid', 'seteuid']
    const refuse = "() => { throw new Error('disabled: io_uring may be enabled') }"
    writeFileSync(preload, names.map((name) => `process.${name} = ${refuse}\n`).join(''))
    const { env, ...options } = recordAsGames()
    const recording = await startRecording({ ...options, env: { ...env, NODE_OPTIONS: `--require=${preload}` } })
    for (const thread of readThreads(recording.pid))
      expect(thread).toMatchObject({ Uid: '5 5 5 5', Gid: '60 60 60 60' })
    await recording.stop()
  })

  test('recording is refused while io_uring threads have the privileges of root (SEC-09)', async (context) => {
    const listThreads =
      'process.stdout.write(require("fs").readdirSync("/proc/self/task").map((tid) => require("fs").readFileSync(`/proc/self/task/${tid}/comm`, "utf8")).join(""))'
    const threads = execFileSync(process.execPath, ['-e', listThreads], { encoding: 'utf8', env: USE_IO_URING })
    skipUnless(threads.includes('iou-sqp'), 'this Node.js or this kernel does not use io_uring', context)
    const { file, env } = recordAsGames()
    const result = await runTool(['record', file], { env: { ...env, ...USE_IO_URING } })
    expectError(result, 'E_PRIVILEGES_LEFT')
    expect(result.stderr).toMatch(/^reason: thread \d+ \(iou-sqp-\d+\) has Uid 0 0 0 0 instead of 5 5 5 5$/m)
    expect(result.stderr).toMatch(/^hint: unset UV_USE_IO_URING/m)
    expect(existsSync(file)).toBe(false)
  })

  test('recording works if only the directory of the user is writable (SEC-07)', async () => {
    const options = recordAsGames()
    const under = readOnlyBut(dirname(options.file), makeTemporaryDirectory())
    const recording = await startRecording({ ...options, under, args: ['--dns=libc', '--local-errors'] })
    const { pid } = await connect('127.0.0.1', 1000)
    await recording.stop()
    expect(connectsOf(recording.file, pid)).toHaveLength(1)
  })

  test('the file, and the files next to it, are accessible only to the user (SEC-45)', async () => {
    const recording = await startRecording(recordAsGames())
    const files = ['', '-wal', '-shm'].map((suffix) => statSync(`${recording.file}${suffix}`))
    const [one] = files
    expect(files.map(ownership)).toEqual([OWN, OWN, OWN])
    await recording.stop()
    expect(ownership(statSync(recording.file))).toEqual(OWN)
    expect(statSync(recording.file).ino).toBe(one?.ino)
  })

  test("a recording equals that of root, including pending attempts and the kernel's count", async () => {
    const namespace = makeNetworkNamespace()
    addSilentLink(namespace)
    const recording = await startRecording(recordAsGames())
    const pending = startWorkload('connect', [SILENT_ADDRESS, '80'], { under: namespace.exec })
    await waitForSynSent(pending.pid, namespace)
    const refused = await connect('127.0.0.1', 1000)
    const summary = await recording.stop()
    expect(onlyConnectOf(recording.file, pending.pid)).toMatchObject({ outcome: 'pending', netns: namespace.inode })
    expect(onlyConnectOf(recording.file, refused.pid)).toMatchObject({ outcome: 'refused', user: hostUser('root') })
    expect(summary).toMatch(/^completeness: .* = the kernel's /m)
  })

  test('a directory without write permission for the user is refused (SEC-08)', async () => {
    const file = join(makeTemporaryDirectory(), 'trace.db')
    const result = await runTool(['record', file], { env: SUDO_GAMES })
    expectError(result, 'E_CANNOT_OPEN')
    expect(result.stderr).toContain(`reason: user ${GAMES_UID} has no write permission`)
    expect(result.stderr).toMatch(/^hint: .*unset SUDO_UID/m)
    expect(existsSync(file)).toBe(false)
  })

  test('a read-only file of the user is refused', async () => {
    const { file, ...options } = recordAsGames()
    writeFileSync(file, '')
    chownSync(file, GAMES_UID, GAMES_GID)
    chmodSync(file, 0o444)
    const result = await runTool(['record', file], options)
    expectError(result, 'E_CANNOT_OPEN')
    expect(result.stderr).toContain(`chmod u+w ${file}`)
  })

  test.each([
    [{ SUDO_UID: '4294967000' }, 'E_SUDO_USER'],
    [{ SUDO_UID: 'games' }, 'E_SUDO_USER'],
  ])('%o does not name a user (SEC-02)', async (env, code) => {
    const directory = makeTemporaryDirectory()
    expectError(await runTool(['record', join(directory, 'trace.db')], { env }), code)
    expect(readdirSync(directory)).toEqual([])
  })

  test('the command runs as the user, without capabilities, in the home directory of the user (SEC-12)', async () => {
    const { file, ...options } = recordAsGames()
    const script = 'id -u; id -g; id -G; echo "$HOME $USER $LOGNAME"; grep -E "^Cap(Inh|Prm|Eff|Amb)" /proc/self/status'
    const { status, stdout } = await runTool(['record', file, '--', 'sh', '-c', script], options)
    expect(status).toBe(0)
    const [uid, gid, groups, environment, ...capabilities] = stdout.trim().split('\n')
    expect([uid, gid, groups]).toEqual([`${GAMES_UID}`, `${GAMES_GID}`, groupsOfGames()])
    expect(environment).toBe('/usr/games games games')
    expect(capabilities.map((line) => line.split('\t')[1])).toEqual([NONE, NONE, NONE, NONE])
    expect(ownership(statSync(file))).toEqual(OWN)
  })

  test('a command that only root can see is not found (SEC-08)', async () => {
    const { file, ...options } = recordAsGames()
    const directory = makeTemporaryDirectory()
    chmodSync(directory, 0o700)
    const command = join(directory, 'command')
    writeFileSync(command, '#!/bin/sh\n', { mode: 0o755 })
    const result = await runTool(['record', file, '--', command], options)
    expectError(result, 'E_NO_COMMAND', 127)
    expect(existsSync(file)).toBe(false)
  })

  test('SIGUSR1 does not start a debugger (SEC-15)', async () => {
    const recording = await startRecording(recordAsGames())
    process.kill(recording.pid, 'SIGUSR1')
    const refused = await connect('127.0.0.1', 1000)
    await waitUntil('a later attempt', () => connectsOf(recording.file, refused.pid).length)
    expect(listeningSockets(recording.pid)).toEqual([])
    expect(await recording.stop()).not.toContain('Debugger')
  })

  test('the recorder and the programs it calls for names neither connect nor listen (SEC-16)', async () => {
    const namespace = makeNetworkNamespace()
    const under = ['nsenter', `--net=/run/netns/${namespace.exec.at(-1)}`]
    const recording = await startRecording({ ...recordAsGames(), under })
    const { pid } = await connect('127.0.0.1', 1000, [], { under: asUser(4242) })
    await waitUntil('the attempt', () => connectsOf(recording.file, pid).length)
    expect(internetSockets(recording.pid)).toEqual([])
    await recording.stop()
    expect(readTcpCounter(namespace, 'ActiveOpens')).toBe(0)
    await connect('127.0.0.1', 1000, [], { under })
    expect(readTcpCounter(namespace, 'ActiveOpens')).toBe(1)
  })
})

describeKernel('privileges without sudo', () => {
  test('root stays root, with all its capabilities (SEC-13)', async () => {
    const [{ CapEff, CapPrm } = {}] = readThreads(process.pid)
    const recording = await startRecording()
    for (const thread of readThreads(recording.pid)) {
      expect(thread).toMatchObject({ Uid: '0 0 0 0', CapEff, CapPrm, CapAmb: NONE })
    }
    await recording.stop()
    expect(statSync(recording.file)).toMatchObject({ uid: 0 })
  })
})

/** All sockets in the network namespace of a process, one per line. Nothing else may run in that namespace. */
function internetSockets(pid: number): string[] {
  const tables = ['tcp', 'tcp6', 'udp', 'udp6', 'udplite', 'udplite6', 'raw', 'raw6']
  const present = tables.map((name) => `/proc/${pid}/net/${name}`).filter((path) => existsSync(path))
  return present.flatMap((path) => readFileSync(path, 'utf8').trimEnd().split('\n').slice(1))
}

/** TCP sockets in state 0A, the fourth column of /proc/net/tcp; the tenth is the inode. */
function listeningSockets(pid: number): string[] {
  const lines = ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n'))
  const listening = lines.map((line) => line.trim().split(/\s+/)).filter((columns) => columns[3] === '0A')
  const held = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => readLink(`/proc/${pid}/fd/${fd}`)))
  return listening.map((columns) => `socket:[${columns[9]}]`).filter((socket) => held.has(socket))
}

function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

const OWN = { uid: GAMES_UID, gid: GAMES_GID, mode: 0o600 }

function groupsOfGames(): string {
  return execFileSync('id', ['-G', 'games'], { encoding: 'utf8' }).trim()
}

function ownership({ uid, gid, mode }: { uid: number; gid: number; mode: number }) {
  return { uid, gid, mode: mode & 0o777 }
}
