import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { makeNetworkNamespace, type NetworkNamespace } from './network-namespace.js'
import { start } from './process.js'
import { REPOSITORY } from './repository.js'
import { waitUntil } from './wait-until.js'

/** Default addresses of the name servers of a test, including that of local stub resolvers. */
const NAME_SERVERS = ['127.0.0.1', '127.0.0.53', '::1'] as const

/**
 * A namespace in which all of 10.77.0.0/16 and fd77::/64 is local: without a listener, connects are refused at once.
 */
export function makeAddressedNamespace(): NetworkNamespace {
  const namespace = makeNetworkNamespace()
  for (const route of ['-4 route add local 10.77.0.0/16 dev lo', '-6 route add local fd77::/64 dev lo']) {
    const [program = '', ...args] = [...namespace.exec, 'ip', ...route.split(' ')]
    execFileSync(program, args)
  }
  return namespace
}

/**
 * Starts dnsmasq, and returns when it listens. It answers only for names below .example.
 * @param args `--host-record=name.example,10.77.0.1`
 * @returns its process
 */
export async function startDnsmasq(
  { exec }: Pick<NetworkNamespace, 'exec'>,
  args: readonly string[],
  addresses: readonly string[] = NAME_SERVERS,
): Promise<number> {
  const options = [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    '--pid-file=',
    '--user=root',
  ]
  const listen = ['--bind-interfaces', ...addresses.map((address) => `--listen-address=${address}`)]
  const { pid } = start([...exec, 'dnsmasq', ...options, ...listen, '--local=/example/', ...args])
  await waitUntil('dnsmasq to listen', () => isListening(pid, 53))
  return pid
}

const SLOW_SERVER = `
  const { TRUNCATED_RESPONSE, decode, encode } = require('dns-packet')
  const { address, delayMs, listen, port, records, truncation } = JSON.parse(process.argv[1])
  const answer = ({ id, questions }, count, flags = 0) => {
    const answers = Array.from({ length: count }, () => ({ type: 'A', name: questions[0].name, ttl: 1, data: address }))
    return encode({ id, type: 'response', flags, questions, answers })
  }
  const truncate = {
    records(query) {
      const packet = answer(query, 0, TRUNCATED_RESPONSE)
      packet.writeUInt16BE(62, 6)
      return packet
    },
    bytes: (query) => answer(query, 3, TRUNCATED_RESPONSE).subarray(0, -1),
  }
  const udp = require('node:dgram').createSocket(listen.includes(':') ? 'udp6' : 'udp4')
  udp.on('message', (payload, from) => {
    const query = decode(payload)
    const packet = truncation ? truncate[truncation](query) : answer(query, records)
    setTimeout(() => udp.send(packet, from.port, from.address), delayMs)
  })
  const tcp = require('node:net').createServer((socket) => {
    socket.on('error', () => {}).once('data', (payload) => {
      const packet = answer(decode(payload.subarray(2)), 1)
      socket.end(Buffer.concat([Buffer.from([packet.length >> 8, packet.length & 255]), packet]))
    })
  })
  tcp.listen(port, listen, () => udp.bind(port, listen))`

/** A server that returns the same address for every name, after a delay. */
export interface SlowServer {
  readonly address: string
  /** Delay of answers over UDP. A million means never. */
  readonly delayMs: number
  readonly listen?: string
  readonly port?: number
  /** How often an answer over UDP contains the address: once by default */
  readonly records?: number
  /**
   * Answers over UDP are marked as truncated: all records are left out and 62 counted, or the last byte of three
   * records is missing.
   */
  readonly truncation?: 'records' | 'bytes'
}

/** Starts the server over UDP and TCP, on port 53 of 127.0.0.1 by default, and returns when it listens. */
export async function startSlowServer({ exec }: Pick<NetworkNamespace, 'exec'>, server: SlowServer): Promise<void> {
  const options = { listen: '127.0.0.1', port: 53, records: 1, ...server }
  const command = [...exec, process.execPath, '-e', SLOW_SERVER, JSON.stringify(options)]
  const { pid } = start(command, { cwd: REPOSITORY })
  await waitUntil('the slow server to listen', () => isListening(pid, options.port))
}

/** Whether a UDP port is bound in the network namespace of a process. */
function isListening(pid: number, port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  return ['udp', 'udp6'].some((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').includes(local))
}
