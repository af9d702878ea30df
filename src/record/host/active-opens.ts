import { closeSync, openSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { setns } from '../probe/libc.js'

const CLONE_NEWNET = 0x40000000
/** Where `ip netns` and container runtimes keep namespaces that no process may be in. */
const NAMED = ['/run/netns', '/run/docker/netns']
const OWN_SNMP = '/proc/thread-self/net/snmp'

/**
 * A network namespace whose TcpActiveOpens can be read: connect attempts since it was made, counted by tcp_connect() in
 * net/ipv4/tcp_output.c. The key is the inode number of its /proc/PID/net/snmp, which every process may see, unlike
 * the one of /proc/PID/ns/net.
 */
export interface CountedNetns {
  readonly key: number
  /** The namespace's own inode number, as the probe reports it; `null` when it is not ours to see. */
  readonly inode: number | null
  /** `null` when the process or the name through which it is read is gone. */
  read(): number | null
}

/** Every network namespace that has a process, or a name that this process may use, by key. */
export function listNamespaces(): Map<number, CountedNetns> {
  const found = new Map<number, CountedNetns>()
  for (const pid of listPids()) {
    const key = netnsKeyOf(pid)
    if (key === null || found.has(key)) continue
    const read = () => readCounter(`/proc/${pid}/net/snmp`, key)
    found.set(key, { key, inode: netnsInodeOf(pid), read })
  }
  for (const path of listNamed()) {
    const key = inNamespace(path, () => statSync(OWN_SNMP).ino)
    if (key === null || found.has(key)) continue
    const read = () => inNamespace(path, () => readCounter(OWN_SNMP, key))
    found.set(key, { key, inode: statSync(path).ino, read })
  }
  return found
}

/** The counters of these namespaces, by key. Those that are gone are left out. */
export function readCounters(namespaces: Iterable<CountedNetns>): Map<number, number> {
  const counts = new Map<number, number>()
  for (const namespace of namespaces) {
    const count = namespace.read()
    if (count !== null) counts.set(namespace.key, count)
  }
  return counts
}

/** Key of the network namespace that a process is in, `null` when the process is gone. */
export function netnsKeyOf(pid: number): number | null {
  try {
    return statSync(`/proc/${pid}/net/snmp`, { throwIfNoEntry: false })?.ino ?? null
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

/** A pid may have passed to another process since the namespace was found. */
function readCounter(path: string, key: number): number | null {
  try {
    return statSync(path).ino === key ? parseActiveOpens(readFileSync(path, 'utf8')) : null
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
