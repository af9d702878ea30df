import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { onTestFinished } from 'vitest'

/** A named network namespace with loopback up, gone when the test ends. */
export interface NetworkNamespace {
  /** As /proc/PID/ns/net shows it. */
  readonly inode: number
  /** Runs what follows inside. */
  readonly exec: readonly string[]
  /** Before the test ends. */
  remove(): void
}

/** On the link of `addSilentLink`: takes packets and never answers. */
export const SILENT_ADDRESS = '10.88.0.2'
/** On the same link: nobody knows its hardware address. */
export const ABSENT_ADDRESS = '10.88.0.3'
export const LINK_ADDRESS = '10.88.0.1'

let made = 0

export function makeNetworkNamespace(): NetworkNamespace {
  const name = `tcpconn-test-${process.pid}-${made++}`
  execFileSync('ip', ['netns', 'add', name])
  const path = `/run/netns/${name}`
  const remove = () => {
    if (existsSync(path)) execFileSync('ip', ['netns', 'del', name])
  }
  onTestFinished(remove)
  const exec = ['ip', 'netns', 'exec', name]
  runIn(exec, ['ip', 'link', 'set', 'lo', 'up'])
  return { exec, inode: statSync(path).ino, remove }
}

/** A link whose far end drops every packet, so that a SYN gets no answer at all. */
export function addSilentLink({ exec }: NetworkNamespace): void {
  const commands = [
    'ip link add near type veth peer name far',
    `ip address add ${LINK_ADDRESS}/24 dev near`,
    'ip link set far up',
    'ip link set near up',
    `ip neighbour add ${SILENT_ADDRESS} lladdr 02:00:00:00:00:02 dev near nud permanent`,
  ]
  for (const command of commands) runIn(exec, command.split(' '))
}

/** Addresses of the two ends of `linkNamespaces`. */
export const LINKED = { near: ['10.89.0.1', 'fd89::1'], far: ['10.89.0.2', 'fd89::2'] } as const

/** An Ethernet link between two namespaces: what does not fit its packets of 1,500 bytes goes in fragments. */
export function linkNamespaces(near: NetworkNamespace, far: NetworkNamespace): void {
  const name = far.exec.at(-1) as string
  runIn(near.exec, `ip link add near type veth peer name far netns ${name}`.split(' '))
  for (const [{ exec }, device] of [
    [near, 'near'],
    [far, 'far'],
  ] as const) {
    const [ipv4, ipv6] = LINKED[device]
    const commands = [
      `ip address add ${ipv4}/24 dev ${device}`,
      // Without nodad the address cannot be used for a second.
      `ip -6 address add ${ipv6}/64 dev ${device} nodad`,
      `ip link set ${device} up`,
    ]
    for (const command of commands) runIn(exec, command.split(' '))
  }
}

/** From this address of loopback the kernel adds a subflow to every MPTCP connection. */
export function addMptcpEndpoint({ exec }: NetworkNamespace, address: string): void {
  runIn(exec, ['ip', 'mptcp', 'limits', 'set', 'subflows', '2', 'add_addr_accepted', '2'])
  runIn(exec, ['ip', 'mptcp', 'endpoint', 'add', address, 'dev', 'lo', 'subflow'])
}

/** Sets a sysctl of the namespace, by its path below /proc/sys. */
export function setSysctl({ exec }: NetworkNamespace, path: string, value: string): void {
  runIn(exec, ['sh', '-c', `echo ${value} > /proc/sys/${path}`])
}

/** Of connect attempts, of those that failed, of segments that were sent again: RFC 4022. */
type TcpCounter = 'ActiveOpens' | 'AttemptFails' | 'RetransSegs'

/** The namespace's own count. */
export function readTcpCounter({ exec }: Pick<NetworkNamespace, 'exec'>, name: TcpCounter): number {
  return findTcpCounter(runIn(exec, ['cat', '/proc/net/snmp']), name)
}

/** The count of the namespace that a process is in, without another process. */
export function readTcpCounterOf(pid: number, name: TcpCounter): number {
  return findTcpCounter(readFileSync(`/proc/${pid}/net/snmp`, 'utf8'), name)
}

function findTcpCounter(text: string, name: TcpCounter): number {
  const [names = '', values = ''] = text.split('\n').filter((line) => line.startsWith('Tcp:'))
  return Number(values.split(' ')[names.split(' ').indexOf(name)])
}

function runIn(exec: readonly string[], command: readonly string[]): string {
  const [program = '', ...args] = [...exec, ...command]
  return execFileSync(program, args, { encoding: 'utf8' })
}
