import { execFileSync } from 'node:child_process'
import { makeNetworkNamespace, setSysctl, type NetworkNamespace } from './network-namespace.js'
import { firstOutput, start } from './process.js'

/** A client, a router and a server, each in a network namespace, as a pod, its node and a pod of another node. */
export interface NatNetwork {
  readonly client: NetworkNamespace
  readonly router: NetworkNamespace
  readonly server: NetworkNamespace
}

export const CLIENT = '10.90.1.2'
export const ROUTER = '10.90.1.1'
/** Addresses of the server, one per backend */
export const BACKENDS = ['10.90.2.2', '10.90.2.3'] as const
export const BACKEND6 = 'fd90:2::2'
/** On the server's network: no host has this address. */
export const ABSENT_BACKEND = '10.90.2.9'

/** Addresses of the client's and the server's network; services have addresses of 10.96.0.0/16 and fd96::/64. */
export function makeNatNetwork(): NatNetwork {
  const [client, router, server] = [makeNetworkNamespace(), makeNetworkNamespace(), makeNetworkNamespace()]
  link(router, client, ['10.90.1', 'fd90:1:'])
  link(router, server, ['10.90.2', 'fd90:2:'])
  ip(server, 'address add 10.90.2.3/24 dev eth0')
  for (const path of ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding']) setSysctl(router, path, '1')
  // The node itself connects to services too.
  for (const route of ['-4 route add 10.96.0.0/16 via 10.90.2.2', '-6 route add fd96::/64 via fd90:2::2'])
    ip(router, route)
  return { client, router, server }
}

function link(router: NetworkNamespace, host: NetworkNamespace, [ipv4, ipv6]: readonly [string, string]): void {
  const name = `to-${ipv4}`
  ip(router, `link add ${name} type veth peer name eth0 netns ${host.exec.at(-1)}`)
  ip(router, `address add ${ipv4}.1/24 dev ${name}`)
  ip(router, `-6 address add ${ipv6}:1/64 dev ${name} nodad`)
  ip(host, `address add ${ipv4}.2/24 dev eth0`)
  ip(host, `-6 address add ${ipv6}:2/64 dev eth0 nodad`)
  ip(router, `link set ${name} up`)
  ip(host, 'link set eth0 up')
  ip(host, `route add default via ${ipv4}.1`)
  ip(host, `-6 route add default via ${ipv6}:1`)
}

function ip({ exec }: NetworkNamespace, command: string): void {
  const [program = '', ...args] = [...exec, 'ip', ...command.split(' ')]
  execFileSync(program, args)
}

/** Accepted connections: the address and port of the peer, and the address that it reached. */
export interface Accepted {
  readonly peer: string
  readonly peerPort: number
  readonly address: string
}

const SERVER = `
  const lines = []
  const server = require('node:net').createServer((socket) => {
    const { remoteAddress: peer, remotePort: peerPort, localAddress: address } = socket
    lines.push({ peer, peerPort, address })
    socket.on('error', () => {}).destroy()
  })
  server.listen({ host: '::', port: Number(process.argv[1]), backlog: 4096 }, () => console.log('ready'))
  process.stdin.on('data', () => {}).on('end', () => { console.log(JSON.stringify(lines)); process.exit() })`

/**
 * Accepts and closes connections of a namespace.
 * @returns a function that stops it and returns the accepted connections
 */
export async function startBackend({ exec }: NetworkNamespace, port: number): Promise<() => Promise<Accepted[]>> {
  const running = start([...exec, process.execPath, '-e', SERVER, String(port)])
  await firstOutput(running)
  return async () => {
    running.child.stdin.end()
    const { stdout } = await running.finished
    const accepted = JSON.parse(stdout.slice('ready\n'.length)) as Accepted[]
    return accepted.map(({ peer, peerPort, address }) => ({
      peer: peer.replace('::ffff:', ''),
      peerPort,
      address: address.replace('::ffff:', ''),
    }))
  }
}
