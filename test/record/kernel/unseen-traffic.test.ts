import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { denyConnects } from '../../support/deny-connects.js'
import { makeCgroup } from '../../support/cgroup.js'
import { makeAddressedNamespace } from '../../support/dns-server.js'
import { describeKernel, skipUnless } from '../../support/kernel-tests.js'
import { countRecorded } from '../../support/losses.js'
import { addSilentLink, makeNetworkNamespace, readTcpCounter, SILENT_ADDRESS } from '../../support/network-namespace.js'
import { firstOutput, run, start } from '../../support/process.js'
import { recordWhile, startRecording } from '../../support/recorder.js'
import { waitForSynSent } from '../../support/syn-sent.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { connectsOf, onlyConnectOf, queryTrace, readSession } from '../../support/trace.js'
import { translateTcp } from '../../support/translate.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect, runWorkload, startWorkload, workloadPath } from '../../support/workload.js'

/** Exit status of a workload if the kernel lacks a required feature. */
const UNSUPPORTED = 77
const [ENETUNREACH, RST_ACK] = [101, 0x14]
const LOCAL_ERRORS = { args: ['--local-errors'] }

/** The output of info, by label; of equal labels the last. */
async function readInfo(file: string): Promise<Record<string, string>> {
  const { stdout } = await runTool(['info', file])
  return Object.fromEntries(stdout.split('\n').map((line) => [line.slice(2, 16).trim(), line.slice(16)]))
}

describeKernel('traffic without an attempt has no row, and the counts of its namespace agree', () => {
  test('connected UDP sockets (GAP-35)', async () => {
    const { exec, inode } = makeNetworkNamespace()
    const script = `const socket = require('node:dgram').createSocket('udp4')
      socket.connect(443, '127.0.0.1', () => process.exit())`
    const { file, result } = await recordWhile(LOCAL_ERRORS, () => run([...exec, process.execPath, '-e', script]))
    expect(result.status).toBe(0)
    expect(countRecorded(file, inode)).toBe(0)
  })

  test('segments of a raw socket, even if they are answered (GAP-36)', async () => {
    const namespace = makeNetworkNamespace()
    const { file, result } = await recordWhile(LOCAL_ERRORS, () =>
      runWorkload<{ pid: number; answer: number }>('raw-syn', ['127.0.0.1', '81'], { under: namespace.exec }),
    )
    expect(result.answer).toBe(RST_ACK)
    expect(countRecorded(file, namespace.inode)).toBe(0)
    expect(readTcpCounter(namespace, 'ActiveOpens')).toBe(0)
  })

  test('accepted connections: the other side has the row (GAP-37)', async () => {
    const { exec } = makeNetworkNamespace()
    const script = `const server = require('node:net').createServer((socket) => socket.end())
      server.listen(8080, '127.0.0.1', () => console.log('ready'))`
    const server = start([...exec, process.execPath, '-e', script])
    await firstOutput(server)
    const { file, result } = await recordWhile({}, () => connect('127.0.0.1', 8080, [], { under: exec }))
    server.child.kill()
    await server.finished
    expect(onlyConnectOf(file, result.pid).outcome).toBe('established')
    expect(connectsOf(file, server.pid)).toEqual([])
  })

  test('an attempt that began before the recording and ends in it (GAP-42)', async () => {
    const namespace = makeNetworkNamespace()
    addSilentLink(namespace)
    const early = startWorkload('connect', [SILENT_ADDRESS, '80'], { under: namespace.exec })
    await waitForSynSent(early.pid, namespace)
    const { file, summary } = await recordWhile({}, async () => {
      early.child.kill('SIGKILL')
      await early.finished
    })
    expect(connectsOf(file, early.pid)).toEqual([])
    expect(summary).toMatch(/^completeness: /m)
    expect(summary).not.toContain('differs')
  })
})

describeKernel('the remote address of a row', () => {
  test('is the one passed to connect(2), whatever it was translated to (GAP-31)', async () => {
    const namespace = makeAddressedNamespace()
    translateTcp(namespace, [{ from: '10.77.0.53:80', to: '10.77.0.1:8080' }])
    const script = `const server = require('node:net').createServer((socket) => socket.end())
      server.listen(8080, '10.77.0.1', () => console.log('ready'))`
    const server = start([...namespace.exec, process.execPath, '-e', script])
    await firstOutput(server)
    const { file, result } = await recordWhile({}, () => connect('10.77.0.53', 80, [], { under: namespace.exec }))
    server.child.kill()
    await server.finished
    expect(onlyConnectOf(file, result.pid)).toMatchObject({
      outcome: 'established',
      remote_address: '10.77.0.53',
      remote_port: 80,
    })
  })

  test('may be that of a backend if a program on connect(2) is attached during the recording (GAP-30)', async () => {
    const cgroup = makeCgroup()
    const { file, summary } = await recordWhile({}, async () => denyConnects(cgroup))
    expect(summary).not.toContain('(deny)')
    expect(queryTrace(file, "SELECT value FROM session, json_each(limits) WHERE value LIKE '%deny%'")).toEqual([])
  })
})

describeKernel('with --local-errors', () => {
  test('a failing call of a 32-bit program has no row, and info reports it (GAP-33)', async (context) => {
    const { exec } = makeNetworkNamespace()
    const recording = await startRecording(LOCAL_ERRORS)
    const compat = await run([...exec, workloadPath('compat-connect'), '198.51.100.1', '80'])
    const plain = await connect('198.51.100.1', 80, [], { under: exec })
    await recording.stop()
    skipUnless(compat.status !== UNSUPPORTED, 'this kernel runs no 32-bit programs', context)
    expect(JSON.parse(compat.stdout)).toMatchObject({ errno: ENETUNREACH })
    expect(connectsOf(recording.file, compat.pid)).toEqual([])
    expect(onlyConnectOf(recording.file, plain.pid).outcome).toBe('local_error')
    expect((await readInfo(recording.file))['local errors']).toMatch(/^recorded, except those of 32-bit programs/)
  })

  test('a failing request of io_uring has no row, and info reports it (GAP-33)', async (context) => {
    const { exec: under } = makeNetworkNamespace()
    const { file, result } = await recordWhile(
      LOCAL_ERRORS,
      () => startWorkload('io-uring', ['198.51.100.1', '80', 'worker'], { under }).finished,
    )
    skipUnless(result.status !== UNSUPPORTED, `io_uring is disabled here: ${result.stderr.trim()}`, context)
    expect(JSON.parse(result.stdout)).toMatchObject({ error: ENETUNREACH })
    expect(connectsOf(file, result.pid)).toEqual([])
    expect((await readInfo(file))['local errors']).toMatch(/ and of io_uring$/)
  })
})

describeKernel('processes that a filter does not include', () => {
  test('--pid: a child of the process, and info shows the filter (GAP-38)', async () => {
    const { exec } = makeNetworkNamespace()
    const script = 'read -r _; "$0" 127.0.0.1 81; exec "$0" 127.0.0.1 82'
    const shell = start([...exec, 'sh', '-c', script, workloadPath('connect')])
    const { file } = await recordWhile({ args: ['--pid', String(shell.pid)] }, async () => {
      shell.child.stdin.end('\n')
      expect(await shell.finished).toMatchObject({ status: 0 })
    })
    expect(queryTrace(file, 'SELECT pid, remote_port FROM connects')).toEqual([{ pid: shell.pid, remote_port: 82 }])
    const info = await readInfo(file)
    expect(info.filters).toBe(`pid ${shell.pid}`)
    expect(info.completeness).toMatch(/^not checked .*only a part of the host was recorded/)
  })

  test('-- COMMAND: a descendant that outlives it, and info shows why the recording ended (GAP-41)', async () => {
    const { exec } = makeNetworkNamespace()
    const directory = makeTemporaryDirectory()
    const [file, go] = [join(directory, 'trace.db'), join(directory, 'go')]
    const wait = `while [ ! -e "${go}" ]; do sleep 0.05; done; "$0" 127.0.0.1 82; touch "${go}.done"`
    const script = `"$0" 127.0.0.1 81; { ${wait}; } </dev/null >/dev/null 2>&1 &`
    const command = [...exec, 'sh', '-c', script, workloadPath('connect')]
    expect(await runTool(['record', file, '--', ...command])).toMatchObject({ status: 0 })
    writeFileSync(go, '')
    await waitUntil('the end of the descendant', () => existsSync(`${go}.done`))
    expect(queryTrace(file, 'SELECT remote_port FROM connects')).toEqual([{ remote_port: 81 }])
    expect(readSession(file)).toMatchObject({ end_reason: 'command' })
    expect((await readInfo(file)).ended).toBe('its command ended')
  })
})
