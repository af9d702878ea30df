import { createProcessTable, type ProcessTable } from '../../src/record/event/process-table.js'
import { connectEvent, processEvent, processFacts } from '../../src/record/event/wire.gen.js'
import type { EventMemory } from '../../src/record/event/event-memory.js'
import { createRandom } from './random.js'

/** What a host does. */
export interface Traffic {
  readonly endpoints: number
  readonly processes: number
  /** Time between two attempts */
  readonly intervalNs: number
}

/** 10,000 attempts per second. */
export const BUSY: Traffic = { endpoints: 2000, processes: 200, intervalNs: 100_000 }

const USERS = 12
const FIRST_PID = 10_000
/** No process replaces another. */
const GENERATION = 1
const FIRST_NS = 1_000_000_000
const ESTABLISHED = 0
const REFUSED = { outcome: 1, error: 111 }
const TIMED_OUT = { outcome: 2, error: 110 }

/** Generated attempts in memory, in the format of the ring. */
export interface AttemptEvents {
  readonly memory: EventMemory
  /** Fills the memory with the next attempts and passes their offsets. */
  fill(count: number, take: (byteOffset: number) => void): void
}

/**
 * Attempts of processes of 12 users to endpoints, popular ones first (Zipf), with log-normal latencies whose median depends on the
 * endpoint; about 4% fail, and about 4% have SYN retransmits.
 * @param capacity attempts that the memory holds
 */
export function createAttemptEvents(capacity: number, seed: number, traffic = BUSY): AttemptEvents {
  const buffer = new ArrayBuffer(capacity * connectEvent.size_bytes)
  const view = new DataView(buffer)
  const random = createRandom(seed)
  const chooseEndpoint = createZipf(traffic.endpoints, random)
  let made = 0

  const write = (at: number) => {
    const endpoint = chooseEndpoint()
    const process = Math.floor(random() * traffic.processes)
    const chance = random()
    const retransmits = chance < 0.04 ? 1 + Math.floor(random() * 3) : 0
    const medianNs = 100_000 * (1 + (endpoint % 97))
    const latencyNs = medianNs * Math.exp(0.4 * normal(random)) + retransmits * 1e9
    const failure = chance < 0.01 ? TIMED_OUT : chance > 0.97 ? REFUSED : null
    setNs(view, at + connectEvent.started_ns, FIRST_NS + made++ * traffic.intervalNs)
    setNs(view, at + connectEvent.latency_ns, Math.floor(latencyNs))
    view.setUint32(at + connectEvent.process, process, true)
    view.setUint32(at + connectEvent.process + 4, GENERATION, true)
    view.setUint32(at + connectEvent.tid, FIRST_PID + process, true)
    writeAddress(view, at + connectEvent.remote_address, 0x0a000000 + endpoint)
    view.setUint32(at + connectEvent.remote_port, endpoint % 3 === 0 ? 443 : 5432, true)
    writeAddress(view, at + connectEvent.local_address, 0x0a0100_01)
    view.setUint16(at + connectEvent.local_port, 32768 + (made % 28000), true)
    view.setUint16(at + connectEvent.error, failure?.error ?? 0, true)
    view.setUint8(at + connectEvent.outcome, failure?.outcome ?? ESTABLISHED)
    view.setUint8(at + connectEvent.family, 4)
    view.setUint8(at + connectEvent.syn_retransmits, retransmits)
  }
  return {
    memory: {
      words: new Uint32Array(buffer),
      bytes: new Uint8Array(buffer),
      processes: createProcesses(traffic.processes),
    },
    fill(count, take) {
      for (let i = 0; i < count; i++) {
        write(i * connectEvent.size_bytes)
        take(i * connectEvent.size_bytes)
      }
    },
  }
}

/** The process table that the ring's reader would have. */
function createProcesses(count: number): ProcessTable {
  const processes = createProcessTable()
  for (let process = 0; process < count; process++) {
    const view = new DataView(new ArrayBuffer(processEvent.size_bytes))
    writeProcess(view, process)
    processes.add(new Uint32Array(view.buffer), new Uint8Array(view.buffer), 0)
  }
  return processes
}

function writeProcess(view: DataView, process: number): void {
  const facts = (name: keyof typeof processFacts) => processEvent.facts + processFacts[name]
  view.setUint32(processEvent.key, process, true)
  view.setUint32(processEvent.key + 4, GENERATION, true)
  setNs(view, facts('process_start_ns'), FIRST_NS + process)
  setNs(view, facts('cgroup_id'), 1 + (process % 20))
  setNs(view, facts('exe_inode'), 1000 + (process % 10))
  view.setUint32(facts('pid'), FIRST_PID + process, true)
  view.setUint32(facts('uid'), process % USERS, true)
  // Users have names only in the root directory of the host.
  view.setUint32(facts('host_root'), 1, true)
  view.setUint32(facts('netns'), 4_026_531_840, true)
  view.setUint32(facts('mntns'), 4_026_531_841, true)
  writeText(view, facts('comm'), `worker-${process % 25}`)
  writeText(view, processEvent.exe, `service-${process % 10}`)
}

function writeText(view: DataView, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) view.setUint8(at + i, text.charCodeAt(i))
  view.setUint8(at + text.length, 0)
}

/** An IPv4-mapped address. */
function writeAddress(view: DataView, at: number, ipv4: number): void {
  view.setUint16(at + 10, 0xffff)
  view.setUint32(at + 12, ipv4)
}

function setNs(view: DataView, at: number, ns: number): void {
  view.setUint32(at, ns >>> 0, true)
  view.setUint32(at + 4, Math.floor(ns / 2 ** 32), true)
}

/** Ranks from 0; the frequency of a rank is inversely proportional to its position. */
function createZipf(count: number, random: () => number): () => number {
  const sums = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank++) sums[rank] = sum += 1 / (rank + 1)
  return () => {
    const wanted = random() * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sums[middle] as number) > wanted) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Standard normal distribution, Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
