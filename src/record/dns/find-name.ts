import type { EventMemory } from '../decode/event-memory.js'
import { PROCESS_BYTES } from '../decode/process-table.js'
import { connectEvent, processFacts } from '../probe/wire.gen.js'
import type { AddressKey, NameMatch } from './name-cache.js'
import type { NameFinder } from './shift-names.js'

const REMOTE = connectEvent.remote_address / 4
const [CGROUP, NETNS] = [processFacts.cgroup_id / 4, processFacts.netns / 4]
/** Words of ::ffff:0:0/96 in memory, the last of the first three */
const MAPPED_PREFIX = 0xffff0000
const TWO_TO_32 = 4294967296

/**
 * The DNS name that the address of an attempt was resolved from, `null` when none is known.
 * @param slot of its process @param atNs when it began
 */
export function findName(
  names: NameFinder,
  { words, processes }: Pick<EventMemory, 'words' | 'processes'>,
  { byteOffset, slot, atNs }: { readonly byteOffset: number; readonly slot: number; readonly atNs: number },
): NameMatch | null {
  const process = (slot * PROCESS_BYTES) >> 2
  const facts = processes.words
  const asker = {
    cgroupId: (facts[process + CGROUP + 1] as number) * TWO_TO_32 + (facts[process + CGROUP] as number),
    netns: facts[process + NETNS] as number,
  }
  return names.find(keyOfWords(words, (byteOffset >> 2) + REMOTE), asker, atNs)
}

/** The key of the address in the four words at `at`. */
function keyOfWords(words: Uint32Array, at: number): AddressKey {
  const last = words[at + 3] as number
  if (words[at] === 0 && words[at + 1] === 0 && words[at + 2] === MAPPED_PREFIX) return last
  return `${words[at]} ${words[at + 1]} ${words[at + 2]} ${last}`
}

/** The key of an address of 16 bytes. */
export function keyOfAddress(address: Uint8Array): AddressKey {
  return keyOfWords(new Uint32Array(address.slice().buffer), 0)
}
