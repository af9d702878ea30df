import { expect, test } from 'vitest'
import { expectFilter } from '../../support/filter-case.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { listen } from '../../support/listener.js'
import { recordWhile } from '../../support/recorder.js'
import { connectsOf, readSession } from '../../support/trace.js'
import { GAMES_UID, asUser } from '../../support/users.js'
import { connect, startLateConnect } from '../../support/workload.js'

/** Ports of loopback without a listener: refused attempts are sufficient. */
const PORTS = Array.from({ length: 70 }, (_, i) => 1000 + i)
const refused =
  (port = 1000, args: string[] = [], host = '127.0.0.1') =>
  () =>
    connect(host, port, args)

describeKernel('filters', () => {
  test('--pid: one of two processes that already run', async () => {
    const listener = await listen()
    const [first, second] = [startLateConnect(listener), startLateConnect(listener)]
    const { file } = await recordWhile({ args: ['-p', `${first.pid},1`] }, async () => {
      for (const { child } of [first, second]) child.stdin.end('\n')
      await Promise.all([first.finished, second.finished])
    })
    expect(connectsOf(file, first.pid, second.pid).map((row) => row.pid)).toEqual([first.pid])
  })

  test.each([['games'], ['5'], ['65533,games'], [`${GAMES_UID},mail`]])('--uid %s', async (users) => {
    const as = (uid: number) => () => connect('127.0.0.1', 1000, [], { under: asUser(uid) })
    await expectFilter(['-u', users], { matching: [as(GAMES_UID)], others: [refused(), as(1), as(65534)] })
  })

  test('--uid 0: root is recorded like any other user', async () => {
    const asGames = () => connect('127.0.0.1', 1000, [], { under: asUser(GAMES_UID) })
    await expectFilter(['--uid', 'root'], { matching: [refused()], others: [asGames] })
  })

  test('--port: repeated and in lists', async () => {
    await expectFilter(['-P', '1001,1002', '--port', '1003'], {
      matching: [refused(1001), refused(1002), refused(1003)],
      others: [refused(1000), refused(1004)],
    })
  })

  test('--port: more than 64 ports', async () => {
    const last = PORTS.at(-1) as number
    await expectFilter(['-P', PORTS.join(',')], {
      matching: [refused(PORTS[0]), refused(last)],
      others: [refused(last + 1)],
    })
  })

  test('-4: includes mapped addresses', async () => {
    const others = [refused(1000, [], '::1')]
    await expectFilter(['-4'], { matching: [refused(), refused(1000, [], '::ffff:127.0.0.1')], others })
  })

  test('-6: excludes mapped addresses', async () => {
    const others = [refused(), refused(1000, [], '::ffff:127.0.0.1')]
    await expectFilter(['-6'], { matching: [refused(1000, [], '::1')], others })
  })

  test('--comm: the complete name, repeated, and of threads', async () => {
    await expectFilter(['--comm', 'connect', '--comm', 'worker-0'], {
      matching: [refused(), refused(1000, ['--threads', '1'])],
      others: [refused(1000, ['--comm-hex', '636f6e6e656374ff']), refused(1000, ['--comm-hex', '636f6e'])],
    })
  })

  test('--comm: a name with a comma, and one of 15 bytes', async () => {
    const hex = (name: string) => ['--comm-hex', Buffer.from(name).toString('hex')]
    await expectFilter(['--comm', 'a,b', '--comm', 'ääääääabc'], {
      matching: [refused(1000, hex('a,b')), refused(1000, hex('ääääääabc'))],
      others: [refused(1000, hex('a')), refused(1000, hex('b'))],
    })
  })

  test('several filters: an attempt must match all, and the session stores them (GAP-39)', async () => {
    const args = ['-P', '1001', '--comm', 'connect', '-4', '-u', 'root', '--outcome', 'failed']
    const matching = refused(1001)
    const others = [refused(1002), refused(1001, ['--comm-hex', '61']), refused(1001, [], '::1')]
    await expectFilter(args, { matching: [matching], others })
    const { file, summary } = await recordWhile({ args }, matching)
    expect(JSON.parse(readSession(file).filters)).toMatchObject({
      port: [1001],
      comm: ['connect'],
      uid: [0],
      family: 4,
    })
    expect(summary).toMatch(/^completeness: not checked /m)
  })
})
