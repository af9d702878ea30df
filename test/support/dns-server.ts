import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { makeNetworkNamespace, type NetworkNamespace } from './network-namespace.js'
import { start } from './process.js'
import { REPOSITORY } from './repository.js'
import { waitUntil } from './wait-until.js'

/** Where name servers of a test listen, if it says nothing else: the address of local stub resolvers among them. */
const NAME_SERVERS = ['127.0.0.1', '127.0.0.53', '::1'] as const

/** A namespace in which all of 10.77.0.0/16 and fd77::/64 is this host: nobody listens, and connects are refused at once. */
export function makeAddressedNamespace(): NetworkNamespace {
  const namespace = makeNetworkNamespace()
  for (const route of ['-4 route add local 10.77.0.0/16 dev lo', '-6 route add local fd77::/64 dev lo']) {
    const [program = '', ...args] = [...namespace.exec, 'ip', ...route.split(' ')]
    execFileSync(program, args)
  }
  return namespace
}

/**
 * Starts dnsmasq, and resolves when it listens. It answers for what is below .example alone.
 * @param args `--host-record=name.example,10.77.0.1`
 */
export async function startDnsmasq(
  { exec }: Pick<NetworkNamespace, 'exec'>,
  args: readonly string[],
  addresses: readonly string[] = NAME_SERVERS,
): Promise<void> {
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
  await waitUntil('dnsmasq to listen', () => isListening(pid))
}

const SLOW_SERVER = `
  const { decode, encode } = require('dns-packet')
  const [address, delayMs] = process.argv.slice(1)
  const socket = require('node:dgram').createSocket('udp4')
  socket.on('message', (payload, from) => {
    const { id, questions } = decode(payload)
    const answers = [{ type: 'A', name: questions[0].name, ttl: 1, data: address }]
    const answer = encode({ id, type: 'response', questions, answers })
    setTimeout(() => socket.send(answer, from.port, from.address), Number(delayMs))
  })
  socket.bind(53, '127.0.0.1')`

/** A server that gives every name the same address, after a while. A million ms stand for never. */
export async function startSlowServer(
  { exec }: Pick<NetworkNamespace, 'exec'>,
  { address, delayMs }: { readonly address: string; readonly delayMs: number },
): Promise<void> {
  const { pid } = start([...exec, process.execPath, '-e', SLOW_SERVER, address, String(delayMs)], { cwd: REPOSITORY })
  await waitUntil('the slow server to listen', () => isListening(pid))
}

/** Whether port 53 is bound to in the network namespace of a process, over UDP. */
function isListening(pid: number): boolean {
  return /:0035 /.test(readFileSync(`/proc/${pid}/net/udp`, 'utf8'))
}
