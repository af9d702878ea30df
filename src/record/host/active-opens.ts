import { closeSync, openSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { setns } from '../probe/libc.js'

const CLONE_NEWNET = 0x40000000
/** Where `ip netns` and container runtimes keep namespaces that no process may be in. */
const NAMED = ['/run/netns', '/run/docker/netns']

/**
 * TcpActiveOpens of one network namespace: connect attempts since it was made, net/ipv4/tcp_output.c tcp_connect().
 * `key` is the inode number of its /proc/PID/net/snmp, which every process may read, unlike /proc/PID/ns/net.
 */
export interface ActiveOpens {
  readonly key: number
  readonly count: number
}

/** Reads the counter of every network namespace that has a process or a name and that this process may see. */
export function readActiveOpens(): Map<number, number> {
  const counts = new Map<number, number>()
  for (const pid of listPids()) {
    const key = netnsKeyOf(pid)
    if (key !== null && !counts.has(key)) addCount(counts, key, `/proc/${pid}/net/snmp`)
  }
  for (const path of listNamed()) readNamed(path, counts)
  return counts
}

/** Key of the network namespace that a process is in, `null` when the process is gone. */
export function netnsKeyOf(pid: number): number | null {
  return statSync(`/proc/${pid}/net/snmp`, { throwIfNoEntry: false })?.ino ?? null
}

/** Inode number of a process's network namespace, `null` when it is gone or not ours to see. */
export function netnsInodeOf(pid: number): number | null {
  try {
    return Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[0])
  } catch {
    return null
  }
}

/** `Tcp:` is a line of names and then one of values. */
export function parseActiveOpens(snmp: string): number {
  const [names = '', values = ''] = snmp.split('\n').filter((line) => line.startsWith('Tcp: '))
  return Number(values.split(' ')[names.split(' ').indexOf('ActiveOpens')])
}

export function listPids(): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)
}

function addCount(counts: Map<number, number>, key: number, path: string): void {
  try {
    counts.set(key, parseActiveOpens(readFileSync(path, 'utf8')))
  } catch {
    // The process ended between two reads; another one of its namespace will do.
  }
}

function listNamed(): string[] {
  return NAMED.flatMap((directory) => {
    try {
      return readdirSync(directory).map((name) => `${directory}/${name}`)
    } catch {
      return []
    }
  })
}

/** Enters the namespace with this thread alone, synchronously, and leaves it again. Needs CAP_SYS_ADMIN. */
function readNamed(path: string, counts: Map<number, number>): void {
  let home = -1
  let there = -1
  try {
    home = openSync('/proc/thread-self/ns/net', 'r')
    there = openSync(path, 'r')
    if (setns(there, CLONE_NEWNET) !== 0) return
    const snmp = '/proc/thread-self/net/snmp'
    const key = statSync(snmp).ino
    if (!counts.has(key)) addCount(counts, key, snmp)
  } catch {
    // Not a namespace, or removed meanwhile: then nothing can be said about it.
  } finally {
    if (home >= 0) setns(home, CLONE_NEWNET)
    for (const fd of [home, there]) if (fd >= 0) closeSync(fd)
  }
}
