import { askedAddress } from '../event/wire.gen.js'
import { ENDPOINT_WORDS, endpointAt, type EndpointKey } from './endpoint-key.js'
import { createGenerations } from './generations.js'

const ENDPOINT = askedAddress.endpoint / 4

/** Requested addresses: passed to connect(2), and replaced by a BPF program. By attempt; "asked" in names of code. */
export interface AskedAddresses {
  /** @param startedNs start of the attempt @param payload struct asked_address, which is copied */
  add(startedNs: number, payload: Uint32Array): void
  /** `null`: the socket has the requested address. */
  find(startedNs: number, tid: number): EndpointKey | null
  /** Addresses forgotten before an attempt was found */
  readonly lostCount: number
}

interface Asked {
  readonly tid: number
  readonly endpoint: EndpointKey
  isFound: boolean
}

/** Addresses of attempts that have not ended outlive the others: an attempt may time out after minutes. */
export function createAskedAddresses(): AskedAddresses {
  let lostCount = 0
  /** Threads on several CPUs may begin attempts in the same nanosecond. */
  const byStart = createGenerations<readonly Asked[]>({
    weigh: ({ length }) => length,
    isKept: (all) => all.some(isWaiting),
    onLost: (all) => (lostCount += all.filter(isWaiting).length),
  })
  return {
    get lostCount() {
      return lostCount
    },
    add(startedNs, payload) {
      const endpoint = endpointAt(payload.slice(ENDPOINT, ENDPOINT + ENDPOINT_WORDS), 0)
      const tid = payload[askedAddress.tid / 4] as number
      byStart.set(startedNs, [...(byStart.get(startedNs) ?? []), { tid, endpoint, isFound: false }])
    },
    find(startedNs, tid) {
      if (byStart.isEmpty) return null
      const asked = byStart.get(startedNs)?.find((one) => one.tid === tid)
      if (asked === undefined) return null
      asked.isFound = true
      return asked.endpoint
    },
  }
}

function isWaiting({ isFound }: Asked): boolean {
  return !isFound
}
