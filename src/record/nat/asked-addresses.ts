import { askedAddress } from '../event/wire.gen.js'
import { ENDPOINT_WORDS, endpointAt, type EndpointKey } from './endpoint-key.js'
import { createGenerations } from './generations.js'

const ENDPOINT = askedAddress.endpoint / 4

/** Addresses passed to connect(2) that a BPF program replaced, by attempt. */
export interface AskedAddresses {
  /** @param startedNs start of the attempt @param payload struct asked_address, which is copied */
  add(startedNs: number, payload: Uint32Array): void
  /** `null`: the socket has the address that was asked for. */
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
  const byStart = createGenerations<Asked>({ isKept: ({ isFound }) => !isFound, onLost: () => lostCount++ })
  return {
    get lostCount() {
      return lostCount
    },
    add(startedNs, payload) {
      const endpoint = endpointAt(payload.slice(ENDPOINT, ENDPOINT + ENDPOINT_WORDS), 0)
      byStart.set(startedNs, { tid: payload[askedAddress.tid / 4] as number, endpoint, isFound: false })
    },
    find(startedNs, tid) {
      if (byStart.isEmpty) return null
      const asked = byStart.get(startedNs)
      if (asked?.tid !== tid) return null
      asked.isFound = true
      return asked.endpoint
    },
  }
}
