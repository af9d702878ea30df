import { closeSync, openSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { inNamespace } from '../host/in-namespace.js'

/** uapi/asm-generic/fcntl.h; Node.js does not define it. */
const O_PATH = 0o10000000
/**
 * Directories of `ip netns` and container runtimes with named namespaces, which may have no process. Below the host's
 * root.
 */
const NAMED = ['run/netns', 'run/docker/netns']

/**
 * A network namespace with a readable TcpActiveOpens: connect attempts since its creation, counted by tcp_connect() in
 * net/ipv4/tcp_output.c.
 */
export interface CountedNetns {
  /** Inode number, as reported by the probe. */
  readonly inode: number
  /** Works without privileges, even if the namespace has no process any more; `null` after its end. */
  read(): number | null
  /** Closes the descriptor. */
  close(): void
}

/**
 * All network namespaces with a process or a name. Namespaces of other users require CAP_SYS_ADMIN.
 * @param known an earlier list: existing namespaces are kept, the others are closed
 * @param root the host's root directory; `null` if it is not visible, and with it the names
 */
export function listNamespaces(known: readonly CountedNetns[] = [], root: string | null = '/'): CountedNetns[] {
  const found = new Map<number, CountedNetns>()
  for (const netns of known) {
    if (netns.read() === null) netns.close()
    else found.set(netns.inode, netns)
  }
  const add = (task: string) => {
    const inode = netnsInodeOf(task)
    if (inode === null || found.has(inode)) return
    const counter = openCounter(`${task}/net/snmp`)
    // The process may have changed its namespace or exited before the file was opened.
    if (counter && netnsInodeOf(task) === inode) found.set(inode, { inode, ...counter })
    else counter?.close()
  }
  for (const pid of listPids()) add(`/proc/${pid}`)
  for (const path of root === null ? [] : listNamed(root)) inNamespace('net', path, () => add('/proc/thread-self'))
  return [...found.values()]
}

/** Counters of these namespaces by inode number, without namespaces that are gone. */
export function readCounters(namespaces: readonly CountedNetns[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const namespace of namespaces) {
    const count = namespace.read()
    if (count !== null) counts.set(namespace.inode, count)
  }
  return counts
}

/**
 * The file belongs to one namespace for good, regardless of the process. A descriptor opened for reading would keep the
 * namespace alive; O_PATH only references the file, which is reopened for each reading (fs/proc/proc_net.c).
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

/** `Tcp:` has a line of names followed by a line of values. */
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

function listNamed(root: string): string[] {
  return NAMED.flatMap((directory) => {
    try {
      return readdirSync(join(root, directory)).map((name) => join(root, directory, name))
    } catch {
      return []
    }
  })
}
