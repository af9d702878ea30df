import { spawn, type ChildProcess } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** A load that goes on until it is stopped. */
export interface SoakLoad {
  stop(): Promise<void>
}

const WORKLOAD = 'build/workload'
/** As long as loadgen goes on at most. */
const LONGEST_S = '600'
const SILENT_ADDRESS = '10.88.0.2'
const LOOKUPS_PER_SECOND = 20
const DNS_SERVER = '127.0.0.1'

/** Established, refused, cancelled, and after a lookup: what busy hosts have. */
export function startSoakLoad(hasDns: boolean): SoakLoad {
  const loads = [
    repeat(['loadgen', '--mode', 'reset', '--endpoints', '2000', '--rate', '800', '--seconds', LONGEST_S]),
    repeat(['loadgen', '--mode', 'close', '--rate', '100', '--seconds', LONGEST_S]),
    repeat(['loadgen', '--mode', 'refused', '--rate', '200', '--seconds', LONGEST_S]),
    repeat(['connect', SILENT_ADDRESS, '80', '--nonblock', '--close-after', '20', '--count', '1000']),
    ...(hasDns ? [startDnsServer(), lookUp()] : []),
  ]
  return {
    async stop() {
      await Promise.all(loads.map((load) => load.stop()))
    },
  }
}

/** Runs a program again and again, a new process each time. */
function repeat([program, ...args]: readonly string[]): SoakLoad {
  let child: ChildProcess | null = null
  const over = new AbortController()
  const run = async () => {
    while (!over.signal.aborted) {
      child = spawn(`${WORKLOAD}/${program}`, args, { stdio: ['ignore', 'ignore', 'inherit'] })
      const [status] = await new Promise<[number | null]>((resolve) => child?.on('close', (code) => resolve([code])))
      if (status !== 0 && !over.signal.aborted) await delay(1000)
    }
  }
  const ended = run()
  return {
    async stop() {
      over.abort()
      child?.kill()
      await ended
    },
  }
}

/** Knows the addresses of *.soak.test, and asks nobody. */
function startDnsServer(): SoakLoad {
  const args = [
    '--keep-in-foreground',
    '--no-resolv',
    '--no-hosts',
    '--conf-file=/dev/null',
    '--pid-file=',
    '--user=root',
  ]
  const child = spawn('dnsmasq', [...args, `--listen-address=${DNS_SERVER}`, '--address=/soak.test/127.1.2.3'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  return {
    async stop() {
      child.kill()
      await ended
    },
  }
}

/** Connects to a name that was just asked for, of which there are ever new ones. */
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
    },
  }
}
