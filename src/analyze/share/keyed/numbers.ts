import { createCipheriv } from 'node:crypto'
import { createPermutation } from './permutation.js'
import type { ShareKey } from './share-key.js'

/** PID_MAX_LIMIT of Linux: pids and tids are below. */
const PIDS = 1n << 22n
const INODES = 1n << 32n
const COOKIES = 1n << 53n
const UIDS = 1n << 32n
const FIRST_USER = 1000n
const PORTS = 65_536
const NS_PER_HOUR = 3_600_000_000_000n
const HOURS_PER_YEAR = 8766n
const MIN_YEARS = 1n
const MAX_YEARS = 11n
/** 13 days: process starts stay positive, and below 2^62. */
const MAX_BOOT_SHIFT_NS = 1n << 50n

/** Numbers of a host to others: one to one, the same for the same key. */
export interface KeyedNumbers {
  /** Of processes and threads alike: the main thread keeps the number of its process. */
  pid(number: bigint): bigint
  inode(number: bigint): bigint
  cookie(number: bigint): bigint
  /** 1 to 999 stay in their range. */
  systemUid(number: bigint): bigint
  uid(number: bigint): bigint
  /** By port; 0 stays 0. */
  readonly localPorts: Uint16Array
  /** Added to the wall clock: a whole number of hours, so that intervals up to an hour hold the same attempts. */
  readonly shiftNs: bigint
  /** Added to times since boot */
  readonly bootShiftNs: bigint
}

export function createNumbers(key: ShareKey): KeyedNumbers {
  /** @param from the first number of the range */
  const within = (purpose: string, from: bigint, to: bigint) => {
    const { forward } = createPermutation(key.derive(purpose, 16), to - from)
    const known = new Map<bigint, bigint>()
    return (number: bigint) => {
      // Values outside all ranges, as in a damaged file, are not shown.
      if (number < from || number >= to) return from
      const result = known.get(number) ?? forward(number - from) + from
      known.set(number, result)
      return result
    }
  }
  const pick = (purpose: string, limit: bigint) => key.derive(purpose, 16).readBigUInt64BE(0) % limit
  const hours = MIN_YEARS * HOURS_PER_YEAR + pick('clock', (MAX_YEARS - MIN_YEARS) * HOURS_PER_YEAR)
  return {
    pid: within('pids', 1n, PIDS),
    inode: within('inodes', 1n, INODES),
    cookie: within('cookies', 1n, COOKIES),
    systemUid: within('system users', 1n, FIRST_USER),
    uid: within('users', FIRST_USER, UIDS),
    localPorts: shufflePorts(key.derive('local ports', 16)),
    shiftNs: hours * NS_PER_HOUR,
    bootShiftNs: pick('boot clock', MAX_BOOT_SHIFT_NS),
  }
}

/** Ports 1 to 65535 in random order (Fisher and Yates), by the keystream of AES-128-CTR. */
function shufflePorts(key: Buffer): Uint16Array {
  const ports = Uint16Array.from({ length: PORTS }, (_, port) => port)
  const bytes = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(PORTS * 6))
  for (let last = PORTS - 1; last > 1; last--) {
    const chosen = 1 + (bytes.readUIntBE(last * 6, 6) % last)
    ;[ports[last], ports[chosen]] = [ports[chosen]!, ports[last]!]
  }
  return ports
}
