import { OUTCOMES, type Outcome } from '../../src/attempt/outcome.js'
import { groupWindow, type Grouped } from '../../src/top/window/group-window.js'
import { TOP_DIMENSIONS } from '../../src/top/window/dimensions.js'
import { createAttemptWindow, type AttemptWindow, type WindowLimits } from '../../src/top/window/attempt-window.js'
import type { TopAttempt, TopEndpoint, TopProcess } from '../../src/top/window/top-attempt.js'

const processes = new Map<string, TopProcess>()
const endpoints = new Map<string, TopEndpoint>()

/** The same object for the same text, as a source passes them: `curl`, `192.0.2.1:443`. */
export function processOf(comm: string, fields: Partial<TopProcess> = {}): TopProcess {
  return once(processes, `${comm} ${Object.values(fields).join(' ')}`, () => {
    const container = {
      container: 'ssh.service',
      containerName: null,
      containerImage: null,
      podName: null,
      podNamespace: null,
    }
    return { pid: 100, processStartNs: 1n, comm, uid: 0, user: 'root', ...container, ...fields }
  })
}

export function endpointOf(address: string, port: number): TopEndpoint {
  return once(endpoints, `${address} ${port}`, () => ({ remoteAddress: address, remotePort: port }))
}

function once<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}

/** An attempt of which only what matters is named. */
export function makeAttempt({
  outcome = 'established',
  ...fields
}: Partial<Omit<TopAttempt, 'outcome'>> & { outcome?: Outcome } = {}): TopAttempt {
  return {
    process: processOf('curl'),
    endpoint: endpointOf('192.0.2.1', 443),
    dnsName: null,
    unixNs: 1_750_000_000e9,
    latencyNs: outcome === 'established' ? 1e6 : 2e6,
    outcome: OUTCOMES.indexOf(outcome),
    errno: 0,
    synRetransmits: 0,
    ...fields,
  }
}

/** A window with the attempts of its seconds. */
export function makeWindow(seconds: readonly (readonly TopAttempt[])[], limits: WindowLimits = {}): AttemptWindow {
  const window = createAttemptWindow(limits)
  seconds.forEach((attempts, second) => {
    window.advance(second * 1e9)
    for (const attempt of attempts) window.add(attempt)
  })
  window.advance(seconds.length * 1e9)
  return window
}

export function groupBy(name: string, window: Pick<AttemptWindow, 'view'>): Grouped {
  const dimension = TOP_DIMENSIONS.find((one) => one.name === name)
  if (dimension === undefined) throw new Error(`no dimension ${name}`)
  return groupWindow(window.view(), dimension)
}
