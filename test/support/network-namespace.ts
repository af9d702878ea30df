import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
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
  const [names = '', values = ''] = runIn(exec, ['grep', '^Tcp:', '/proc/net/snmp']).split('\n')
  return Number(values.split(' ')[names.split(' ').indexOf(name)])
}

function runIn(exec: readonly string[], command: readonly string[]): string {
  const [program = '', ...args] = [...exec, ...command]
  return execFileSync(program, args, { encoding: 'utf8' })
}
