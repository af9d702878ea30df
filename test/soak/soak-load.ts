import { Resolver } from 'node:dns/promises'
import { connect } from 'node:net'
import { keepProgram, repeatProgram, type SoakLoad } from './run-program.js'

const WORKLOAD = 'build/workload'
/** The maximum duration of loadgen. */
const LONGEST_S = '600'
const SILENT_ADDRESS = '10.88.0.2'
const LOOKUPS_PER_SECOND = 20
const DNS_SERVER = '127.0.0.1'

/**
 * Established and refused attempts of both families, at a constant rate: attempts per second, and options of loadgen.
 */
const EVEN_LOADS: readonly (readonly [number, ...string[]])[] = [
  [800, '--mode', 'reset', '--endpoints', '2000'],
  [100, '--mode', 'close'],
  [200, '--mode', 'refused'],
  [50, '--mode', 'reset', '--address', '::1'],
]
/** Cancelled after 20 ms, and timed out after a second: as many as possible. */
const SILENT_LOADS = [
  ['80', '--nonblock', '--close-after', '20', '--count', '1000'],
  ['81', '--user-timeout', '1000', '--count', '100'],
]

/** Attempts per second of the loads with a constant rate. */
export const EVEN_RATE = EVEN_LOADS.reduce((sum, [rate]) => sum + rate, 0)
/** Outcomes of the load, and of `startWaiting`. */
export const LOAD_OUTCOMES = ['established', 'refused', 'timed_out', 'cancelled', 'pending']

/** A load like that of a busy host: attempts with every outcome, some of them after a lookup. */
export function startSoakLoad(): SoakLoad {
  const loads = [
    ...EVEN_LOADS.map(([rate, ...options]) =>
      repeatProgram([`${WORKLOAD}/loadgen`, ...options, '--rate', `${rate}`, '--seconds', LONGEST_S]),
    ),
    ...SILENT_LOADS.map((options) => repeatProgram([`${WORKLOAD}/connect`, SILENT_ADDRESS, ...options])),
    startDnsServer(),
    lookUp(),
  ]
  return {
    async stop() {
      const faults = await Promise.all(loads.map((load) => load.stop()))
      return faults.flat()
    },
  }
}

/** Attempts without an answer. They are pending when recording ends, and are made again when they time out. */
export function startWaiting(): SoakLoad {
  const options = ['82', '--nonblock', '--close-after', '600000', '--threads', '4']
  return repeatProgram([`${WORKLOAD}/connect`, SILENT_ADDRESS, ...options])
}

/** A name server that knows the addresses of *.soak.test and forwards nothing. */
function startDnsServer(): SoakLoad {
  const options = [
    '--keep-in-foreground',
    '--no-resolv',
    '--no-hosts',
    '--conf-file=/dev/null',
    '--pid-file=',
    '--user=root',
  ]
  return keepProgram(['dnsmasq', ...options, `--listen-address=${DNS_SERVER}`, '--address=/soak.test/127.1.2.3'])
}

/** Looks up a new name each time, and connects to its address. */
function lookUp(): SoakLoad {
  const resolver = new Resolver({ timeout: 1000, tries: 1 })
  resolver.setServers([DNS_SERVER])
  let number = 0
  const once = async () => {
    const [address] = await resolver.resolve4(`host-${number++}.soak.test`)
    connect({ host: address ?? '', port: 9 }).on('error', () => {})
  }
  const timer = setInterval(() => void once().catch(() => {}), 1000 / LOOKUPS_PER_SECOND)
  return {
    async stop() {
      clearInterval(timer)
      return []
    },
  }
}
