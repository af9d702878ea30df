import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { onTestFinished } from 'vitest'

/** A named network namespace with loopback up, removed at the end of the test. */
export interface NetworkNamespace {
  /** Inode number, as in /proc/PID/ns/net. */
  readonly inode: number
  /** Prefix of a command that runs inside. */
  readonly exec: readonly string[]
  /** Removes it before the test ends. */
  remove(): void
}

/** On the link of `addSilentLink`: accepts packets and never answers. */
export const SILENT_ADDRESS = '10.88.0.2'
/** On the same link: its hardware address is unknown. */
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

/** Adds a link whose far end drops every packet, so that a SYN gets no answer. */
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

/** An Ethernet link between two namespaces: packets of more than 1,500 bytes are fragmented. */
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

/** The kernel adds a subflow from this address of loopback to every MPTCP connection. */
export function addMptcpEndpoint({ exec }: NetworkNamespace, address: string): void {
  runIn(exec, ['ip', 'mptcp', 'limits', 'set', 'subflows', '2', 'add_addr_accepted', '2'])
  runIn(exec, ['ip', 'mptcp', 'endpoint', 'add', address, 'dev', 'lo', 'subflow'])
}

/** Sets a sysctl of the namespace, by its path below /proc/sys. */
export function setSysctl({ exec }: NetworkNamespace, path: string, value: string): void {
  runIn(exec, ['sh', '-c', `echo ${value} > /proc/sys/${path}`])
}

/** Steers packets of loopback to the first two CPUs: softirqs then interrupt programs of the probe. */
export function steerPackets({ exec }: NetworkNamespace): void {
  runIn(exec, ['sh', '-c', 'echo 3 > /sys/class/net/lo/queues/rx-0/rps_cpus'])
}

/** TCP counters of connect attempts, failed ones, and retransmitted segments: RFC 4022. */
type TcpCounter = 'ActiveOpens' | 'AttemptFails' | 'RetransSegs'

/** Reads a counter of the namespace. */
export function readTcpCounter({ exec }: Pick<NetworkNamespace, 'exec'>, name: TcpCounter): number {
  return findTcpCounter(runIn(exec, ['cat', '/proc/net/snmp']), name)
}

/** Reads a counter of the namespace of a process, without starting another process. */
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
