import { describe, expect, test, vi } from 'vitest'
import { openNotifier } from '../../../src/record/service/notifier.js'

const PROGRESS = () => ({ attempts: 12_345, lost: 2, path: '/data/a\n.db' })

/** A manager that keeps what it is told. */
function createScene(env: NodeJS.ProcessEnv = {}) {
  const lines: string[] = []
  const open = vi.fn(() => (text: string) => void lines.push(text))
  const environment: NodeJS.ProcessEnv = { NOTIFY_SOCKET: '/run/notify', ...env }
  return { lines, open, environment, notifier: openNotifier(environment, open) }
}

/** At each tenth of a second. */
function tick({ notifier }: ReturnType<typeof createScene>, seconds: number): void {
  for (let i = 0; i <= seconds * 10; i++) notifier.tick(i * 1e8, PROGRESS)
}

test('the manager learns when recording begins and when it is about to end', () => {
  const { notifier, lines } = createScene()
  notifier.ready()
  notifier.stopping()
  expect(lines).toEqual(['READY=1\n', 'STOPPING=1\n'])
})

test('every ten seconds it says what it has done, in one line whatever the name of the file', () => {
  const scene = createScene()
  tick(scene, 20)
  const line = 'STATUS=12,345 attempts recorded, 2 lost; into /data/a\\x0a.db\n'
  expect(scene.lines).toEqual([line, line, line])
})

describe('the watchdog', () => {
  const signs = ({ lines }: ReturnType<typeof createScene>) => lines.filter((line) => line === 'WATCHDOG=1\n').length

  test('gets a sign of life at half of its time', () => {
    const scene = createScene({ WATCHDOG_USEC: '2000000' })
    tick(scene, 10)
    expect(signs(scene)).toBe(11)
  })

  test.each([
    ['of another process', { WATCHDOG_USEC: '2000000', WATCHDOG_PID: '1' }],
    ['that is none', { WATCHDOG_USEC: 'soon' }],
    ['that is not there', {}],
  ])('%s gets none', (_, env) => {
    const scene = createScene(env)
    tick(scene, 10)
    expect(signs(scene)).toBe(0)
  })

  test('that is meant for this process gets it', () => {
    const scene = createScene({ WATCHDOG_USEC: '2000000', WATCHDOG_PID: String(process.pid) })
    tick(scene, 1)
    expect(signs(scene)).toBe(2)
  })
})

test('what is started later does not see the variables', () => {
  const { environment } = createScene({ WATCHDOG_USEC: '1', WATCHDOG_PID: '2', HOME: '/root' })
  expect(environment).toEqual({ HOME: '/root' })
})

test.each([undefined, '', '/', '@', 'relative', 'vsock:2:1234'])('NOTIFY_SOCKET=%s: nobody is told', (path) => {
  const { notifier, open } = createScene({ NOTIFY_SOCKET: path })
  notifier.ready()
  notifier.tick(0, PROGRESS)
  expect(open).not.toHaveBeenCalled()
})
