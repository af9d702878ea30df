import type { EventMemory } from '../decode/event-memory.js'
import { connectEvent } from '../probe/wire.gen.js'
import type { AddressKey, NameMatch } from './name-cache.js'
import type { NameFinder } from './shift-names.js'

const [CGROUP, NETNS, REMOTE] = [connectEvent.cgroup_id / 4, connectEvent.netns / 4, connectEvent.remote_address / 4]
/** Words of ::ffff:0:0/96 in memory, the last of the first three */
const MAPPED_PREFIX = 0xffff0000
const TWO_TO_32 = 4294967296

/** The name that an event's attempt was made by, `null` when none is known. @param atNs when it began */
export function findName(
  names: NameFinder,
  { words }: Pick<EventMemory, 'words'>,
  { byteOffset, atNs }: { readonly byteOffset: number; readonly atNs: number },
): NameMatch | null {
  const at = byteOffset >> 2
  const asker = {
    cgroupId: (words[at + CGROUP + 1] as number) * TWO_TO_32 + (words[at + CGROUP] as number),
    netns: words[at + NETNS] as number,
  }
  return names.find(keyOfWords(words, at + REMOTE), asker, atNs)
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
