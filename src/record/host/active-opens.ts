import { closeSync, openSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { readStartTicks } from '../../store/process-start.js'
import { setns } from '../probe/libc.js'

const CLONE_NEWNET = 0x40000000
/** Where `ip netns` and container runtimes keep namespaces that no process may be in. */
const NAMED = ['/run/netns', '/run/docker/netns']
const OWN_SNMP = '/proc/thread-self/net/snmp'

/**
 * A network namespace whose TcpActiveOpens can be read: connect attempts since it was made, counted by tcp_connect() in
 * net/ipv4/tcp_output.c.
 */
export interface CountedNetns {
  /** Inode number, as the probe reports it. */
  readonly inode: number
  /** `null` once it cannot be told any more that this is still the same namespace. */
  read(): number | null
}

/** Every network namespace that has a process, or a name that this process may use. */
export function listNamespaces(): CountedNetns[] {
  const found = new Map<number, CountedNetns>()
  for (const pid of listPids()) {
    const inode = netnsInodeOf(pid)
    if (inode !== null && !found.has(inode)) found.set(inode, { inode, read: createProcessReader(pid) })
  }
  for (const path of listNamed()) {
    const inode = inodeOf(path)
    if (inode === null || found.has(inode)) continue
    const read = () => (inodeOf(path) === inode ? inNamespace(path, () => readCounter(OWN_SNMP)) : null)
    found.set(inode, { inode, read })
  }
  return [...found.values()]
}

/** The counters of these namespaces, by inode. Those that are gone are left out. */
export function readCounters(namespaces: readonly CountedNetns[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const namespace of namespaces) {
    const count = namespace.read()
    if (count !== null) counts.set(namespace.inode, count)
  }
  return counts
}

/**
 * Reads through a process for as long as it is the same process in the same namespace. The inode number of its snmp file
 * tells the namespace to everybody, unlike the one of /proc/PID/ns/net.
 */
function createProcessReader(pid: number): () => number | null {
  const snmp = `/proc/${pid}/net/snmp`
  const startTicks = readStartTicks(pid)
  const key = inodeOf(snmp)
  return () => {
    const count = readCounter(snmp)
    return startTicks !== null && readStartTicks(pid) === startTicks && inodeOf(snmp) === key ? count : null
  }
}

function inodeOf(path: string): number | null {
  try {
    return statSync(path).ino
  } catch {
    return null
  }
}

/** Inode number of a process's network namespace. */
function netnsInodeOf(pid: number): number | null {
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

function listPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function readCounter(path: string): number | null {
  try {
    return parseActiveOpens(readFileSync(path, 'utf8'))
  } catch {
    return null
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

/** Runs `body` with this thread alone in a namespace, and comes back. Needs CAP_SYS_ADMIN; `null` without. */
function inNamespace<T>(path: string, body: () => T): T | null {
  let home = -1
  let there = -1
  try {
    home = openSync('/proc/thread-self/ns/net', 'r')
    there = openSync(path, 'r')
    return setns(there, CLONE_NEWNET) === 0 ? body() : null
  } catch {
    return null
  } finally {
    if (home >= 0) setns(home, CLONE_NEWNET)
    for (const fd of [home, there]) if (fd >= 0) closeSync(fd)
  }
}
