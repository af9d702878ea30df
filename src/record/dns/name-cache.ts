/** Names that are known at the same time, each with one address in one cgroup and network namespace: about 10 MB. */
const MAX_ENTRIES = 32_768
/** Names of one address: those of a content delivery network have many. */
const MAX_PER_ADDRESS = 64
/** Answers of one name that are kept, for attempts that began before the last of them. */
const MAX_ANSWERS = 16

/** Who asked, or who connects. */
export interface Asker {
  /** Exact for ids up to 2^53: their upper half counts how often the kernel has given the lower half away */
  readonly cgroupId: number
  /** 0: not known */
  readonly netns: number
}

/** An answer that gave addresses to a name. Times are in ns since the session began. */
export interface NameAnswer extends Asker {
  readonly name: string
  readonly answeredNs: number
  /** Query to answer; `null`: the query was not seen */
  readonly lookupNs: number | null
}

/** The name of an address at a time. */
export interface NameMatch {
  readonly name: string
  readonly answeredNs: number
  readonly lookupNs: number | null
  /** Different names that the address had for the same askers, this one included */
  readonly candidates: number
}

/** Four 32-bit words; IPv4-mapped addresses go by the last of them. */
export type AddressKey = number | string

/** What addresses were called, for whom. Pure. */
export interface NameCache {
  add(address: AddressKey, answer: NameAnswer): void
  /**
   * The newest name of an address by `atNs`: of those asked for in the same cgroup (and in no other network namespace), else in
   * the same network namespace, else on the host.
   */
  find(address: AddressKey, asker: Asker, atNs: number): NameMatch | null
  /** Names that were forgotten for want of room. */
  readonly evicted: number
}

/** A name and its answers, the oldest first. */
interface Entry extends Asker {
  readonly name: string
  readonly answers: { readonly answeredNs: number; readonly lookupNs: number | null }[]
}

export function createNameCache(maxEntries = MAX_ENTRIES): NameCache {
  // The address whose last answer is the oldest comes first.
  const addresses = new Map<AddressKey, Entry[]>()
  let size = 0
  let evicted = 0
  const drop = (count: number) => {
    size -= count
    evicted += count
  }
  // One iterator for good: a new one has to pass all places whose entries are gone before it comes to the first.
  const oldestFirst = addresses.entries()
  const dropOldest = () => {
    const { value: oldest } = oldestFirst.next()
    if (oldest === undefined) return
    addresses.delete(oldest[0])
    drop(oldest[1].length)
  }
  return {
    get evicted() {
      return evicted
    },
    add(address, answer) {
      const entries = addresses.get(address) ?? []
      addresses.delete(address)
      addresses.set(address, entries)
      if (addAnswer(entries, answer)) size++
      if (entries.length > MAX_PER_ADDRESS) {
        entries.shift()
        drop(1)
      }
      if (size > maxEntries) dropOldest()
    },
    find(address, asker, atNs) {
      const entries = addresses.get(address)
      if (entries === undefined) return null
      return (
        newest(entries, atNs, (entry) => entry.cgroupId === asker.cgroupId && isNear(entry, asker)) ??
        newest(entries, atNs, (entry) => entry.netns === asker.netns && asker.netns !== 0) ??
        newest(entries, atNs, () => true)
      )
    },
  }
}

/** What is known to be in another network namespace is far away, also in the same cgroup: `ip netns exec` leaves that as it is. */
function isNear(entry: Asker, asker: Asker): boolean {
  return entry.netns === asker.netns || entry.netns === 0 || asker.netns === 0
}

/** @returns whether the name is new to these askers; it stands last then */
function addAnswer(entries: Entry[], { name, cgroupId, netns, answeredNs, lookupNs }: NameAnswer): boolean {
  const at = entries.findIndex((one) => one.name === name && one.cgroupId === cgroupId && one.netns === netns)
  const [known] = at === -1 ? [] : entries.splice(at, 1)
  const entry = known ?? { name, cgroupId, netns, answers: [] }
  entries.push(entry)
  entry.answers.push({ answeredNs, lookupNs })
  // The oldest stays: whatever began since it was answered has a name.
  if (entry.answers.length > MAX_ANSWERS) entry.answers.splice(1, 1)
  return known === undefined
}

function newest(entries: readonly Entry[], atNs: number, isAsker: (entry: Entry) => boolean): NameMatch | null {
  let best: { name: string; answeredNs: number; lookupNs: number | null } | null = null
  const names = new Set<string>()
  for (const entry of entries) {
    if (!isAsker(entry)) continue
    const answer = entry.answers.findLast((one) => one.answeredNs <= atNs)
    if (answer === undefined) continue
    names.add(entry.name)
    if (best === null || answer.answeredNs >= best.answeredNs) best = { name: entry.name, ...answer }
  }
  return best === null ? null : { ...best, candidates: names.size }
}
