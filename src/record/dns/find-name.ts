import type { EventMemory } from '../event/event-memory.js'
import { PROCESS_BYTES } from '../event/process-table.js'
import { connectEvent, processFacts } from '../event/wire.gen.js'
import type { AddressKey, NameMatch, NameFinder } from './name-cache.js'
import { netnsKeyOf } from './netns-key.js'

const REMOTE = connectEvent.remote_address / 4
const [CGROUP, NETNS, COOKIE] = [processFacts.cgroup_id / 4, processFacts.netns / 4, processFacts.netns_cookie / 4]
/** Word of ::ffff:0:0/96 in memory: the last of the first three */
const MAPPED_PREFIX = 0xffff0000
const TWO_TO_32 = 4294967296

/**
 * The DNS name that the address of an attempt was resolved from, `null` if unknown.
 * @param slot of its process @param atNs start of the attempt @param asked the requested address, `null`:
 * that of the socket
 */
export function findName(
  names: NameFinder,
  { words, processes }: Pick<EventMemory, 'words' | 'processes'>,
  { byteOffset, slot, atNs }: { readonly byteOffset: number; readonly slot: number; readonly atNs: number },
  asked: { readonly words: Uint32Array; readonly at: number } | null = null,
): NameMatch | null {
  const process = (slot * PROCESS_BYTES) >> 2
  const facts = processes.words
  const asker = {
    cgroupId: longOf(facts, process + CGROUP),
    netns: netnsKeyOf(facts[process + NETNS] as number, longOf(facts, process + COOKIE), names.hostNetns),
  }
  const address = asked === null ? keyOfWords(words, (byteOffset >> 2) + REMOTE) : keyOfWords(asked.words, asked.at)
  return names.find(address, asker, atNs)
}

function longOf(words: Uint32Array, at: number): number {
  return (words[at + 1] as number) * TWO_TO_32 + (words[at] as number)
}

/** Key of the address in the four words at `at`. */
function keyOfWords(words: Uint32Array, at: number): AddressKey {
  const last = words[at + 3] as number
  if (words[at] === 0 && words[at + 1] === 0 && words[at + 2] === MAPPED_PREFIX) return last
  return `${words[at]} ${words[at + 1]} ${words[at + 2]} ${last}`
}

/** Key of a 16-byte address. */
export function keyOfAddress(address: Uint8Array): AddressKey {
  return keyOfWords(new Uint32Array(address.slice().buffer), 0)
}
