import type { LostDetails } from '../event/describe-lost-details.js'
import type { EventMemory } from '../event/event-memory.js'
import { PROCESS_BYTES } from '../event/process-table.js'
import { connectEvent, connectFlag, processFacts } from '../event/wire.gen.js'
import { createAskedAddresses, type AskedAddresses } from './asked-addresses.js'
import { ENDPOINT_WORDS, type EndpointKey } from './endpoint-key.js'
import { createTranslations, type Translations } from './translations.js'

const [LOCAL, REMOTE] = [connectEvent.local_address / 4, connectEvent.remote_address / 4]
const [LATENCY, RESULT] = [connectEvent.latency_ns / 4, connectEvent.outcome / 4]
const [NETNS, COOKIE] = [processFacts.netns / 4, processFacts.netns_cookie / 4]
const TWO_TO_32 = 4294967296
/** The start of an attempt whose begin was missed has a resolution of 1 ms. */
const INEXACT_NS = 2e6

/** What --nat records of addresses. */
export interface NatRecords {
  readonly translations: Translations
  readonly asked: AskedAddresses
}

/** Other addresses of an attempt; `null`: the same as the socket's, or unknown. */
export interface AttemptAddresses {
  /** Destination after all translations */
  readonly nat: EndpointKey | null
  /** Address passed to connect(2) */
  readonly service: EndpointKey | null
}

/** An attempt in memory. */
export interface AttemptAt {
  readonly byteOffset: number
  /** Of its process */
  readonly slot: number
  /** Recording time */
  readonly atNs: number
  /** Whether it is an entry of the map of pending attempts, which has no local port */
  readonly isPending: boolean
}

const NONE: AttemptAddresses = { nat: null, service: null }

export function createNatRecords(): NatRecords {
  return { translations: createTranslations(), asked: createAskedAddresses() }
}

/** Adds requested addresses that found no room here to those that found none in the ring. */
export function addLostAddresses(lost: LostDetails, nat: NatRecords | null): LostDetails {
  return { ...lost, addresses: lost.addresses + (nat?.asked.lostCount ?? 0) }
}

/** @returns both `null` for most attempts */
export function findAddresses(records: NatRecords, memory: EventMemory, attempt: AttemptAt): AttemptAddresses {
  const tid = memory.words[(attempt.byteOffset + connectEvent.tid) >> 2] as number
  const service = records.asked.find(attempt.atNs, tid)
  const nat = attempt.isPending || records.translations.isEmpty ? null : findTranslated(records, memory, attempt)
  return nat === null && service === null ? NONE : { nat, service }
}

function findTranslated(
  { translations }: NatRecords,
  { words, processes }: EventMemory,
  { byteOffset, slot, atNs }: AttemptAt,
): EndpointKey | null {
  const at = byteOffset >> 2
  const isInexact = ((words[at + RESULT] as number) >>> 24) & connectFlag.inexact
  const route = new Uint32Array(2 * ENDPOINT_WORDS)
  for (let i = 0; i < ENDPOINT_WORDS; i++) {
    route[i] = words[at + LOCAL + i] as number
    route[ENDPOINT_WORDS + i] = words[at + REMOTE + i] as number
  }
  // The port is followed by the error.
  route[ENDPOINT_WORDS - 1]! &= 0xffff
  const process = (slot * PROCESS_BYTES) >> 2
  return translations.find({
    words: route,
    netns: { inode: processes.words[process + NETNS] as number, cookie: longAt(processes.words, process + COOKIE) },
    fromNs: atNs - (isInexact ? INEXACT_NS : 0),
    toNs: atNs + longAt(words, at + LATENCY),
  })
}

function longAt(words: Uint32Array, at: number): number {
  return (words[at + 1] as number) * TWO_TO_32 + (words[at] as number)
}
