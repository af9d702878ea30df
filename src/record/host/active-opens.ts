import { closeSync, openSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { setns } from '../probe/libc.js'

const CLONE_NEWNET = 0x40000000
/** uapi/asm-generic/fcntl.h; Node has no name for it. */
const O_PATH = 0o10000000
/** Where `ip netns` and container runtimes keep namespaces that no process may be in. */
const NAMED = ['/run/netns', '/run/docker/netns']

/**
 * A network namespace whose TcpActiveOpens can be read: connect attempts since it was made, counted by tcp_connect() in
 * net/ipv4/tcp_output.c.
 */
export interface CountedNetns {
  /** Inode number, as the probe reports it. */
  readonly inode: number
  /** Needs no privileges, whoever is in the namespace by now; `null` once it is gone. */
  read(): number | null
  /** Holds one descriptor until then. */
  close(): void
}

/**
 * Every network namespace that has a process, or a name. Those of others are seen only with CAP_SYS_ADMIN.
 * @param known of an earlier list: those that are still there are in this one, the others are closed
 */
export function listNamespaces(known: readonly CountedNetns[] = []): CountedNetns[] {
  const found = new Map<number, CountedNetns>()
  for (const netns of known) {
    if (netns.read() === null) netns.close()
    else found.set(netns.inode, netns)
  }
  const add = (task: string) => {
    const inode = netnsInodeOf(task)
    if (inode === null || found.has(inode)) return
    const counter = openCounter(`${task}/net/snmp`)
    // The process may have gone into another namespace, or ended, before its file was opened.
    if (counter && netnsInodeOf(task) === inode) found.set(inode, { inode, ...counter })
    else counter?.close()
  }
  for (const pid of listPids()) add(`/proc/${pid}`)
  for (const path of listNamed()) inNamespace(path, () => add('/proc/thread-self'))
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
 * The file belongs to one namespace for good, whatever becomes of the process that led to it. A descriptor for reading
 * would keep the namespace alive; O_PATH only names the file, which is opened anew for each reading (fs/proc/proc_net.c).
 */
function openCounter(path: string): Omit<CountedNetns, 'inode'> | null {
  try {
    const fd = openSync(path, O_PATH)
    return { read: () => readCounter(`/proc/self/fd/${fd}`), close: () => closeSync(fd) }
  } catch {
    return null
  }
}

/** Inode number of a task's network namespace. */
function netnsInodeOf(task: string): number | null {
  try {
    return Number(/\d+/.exec(readlinkSync(`${task}/ns/net`))?.[0])
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

/** Runs `body` with this thread alone in a namespace, and comes back. Does nothing without CAP_SYS_ADMIN. */
function inNamespace(path: string, body: () => void): void {
  let home = -1
  let there = -1
  try {
    home = openSync('/proc/thread-self/ns/net', 'r')
    there = openSync(path, 'r')
    if (setns(there, CLONE_NEWNET) === 0) body()
  } catch {
    // Its name may be gone by now, or be none of a namespace.
  } finally {
    if (home >= 0) setns(home, CLONE_NEWNET)
    for (const fd of [home, there]) if (fd >= 0) closeSync(fd)
  }
}
