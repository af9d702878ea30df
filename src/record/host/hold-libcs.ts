import { findFunction } from './find-function.js'
import type { FoundLibc } from './find-libcs.js'
import { holdFile, readPart, type HeldFile } from './hold-file.js'
import { ELF_START_BYTES, isCodeOf, type LibcMachine } from './libc-machine.js'

/** Any process can map files by the name of a libc, as many as it likes: some are followed, and some more looked at. */
export const MAX_LIBCS = 256
const MAX_LOOKED_AT = 1024

/** A libc that does not change any more. */
export interface HeldLibc {
  /** Good as long as it is held */
  readonly path: string
  /** Where its getaddrinfo begins, in bytes from the file's start */
  readonly resolverOffset: number
}

export interface HeldLibcs {
  readonly libcs: readonly HeldLibc[]
  /** There are more than are held. */
  readonly isCut: boolean
  close(): void
}

/** Holds those of some libcs that are there and of this machine's kind: 32-bit ones have their arguments elsewhere. */
export function holdLibcs(libcs: readonly FoundLibc[], machine: LibcMachine): HeldLibcs {
  const held: (HeldLibc & HeldFile)[] = []
  for (const libc of libcs.slice(0, MAX_LOOKED_AT)) {
    if (held.length > MAX_LIBCS) break
    const file = holdLibc(libc, machine)
    if (file === null) continue
    const resolverOffset = findFunction(file, 'getaddrinfo')
    if (resolverOffset === null) file.close()
    else held.push({ ...file, resolverOffset })
  }
  const isCut = held.length > MAX_LIBCS || libcs.length > MAX_LOOKED_AT
  for (const file of held.splice(MAX_LIBCS)) file.close()
  return { libcs: held, isCut, close: () => held.forEach((file) => file.close()) }
}

/** Inode numbers are compared, devices are not: those of btrfs and overlayfs are others in maps than of the file. */
function holdLibc({ places, inode }: FoundLibc, machine: LibcMachine): HeldFile | null {
  const isCode = (file: HeldFile) => isCodeOf(machine, readPart(file, 0, ELF_START_BYTES))
  const isThis = (file: HeldFile) => file.inode === inode && isCode(file)
  return firstOf(
    places,
    ({ mapping, paths }) => holdIf(mapping, isCode) ?? firstOf(paths, (path) => holdIf(path, isThis)),
  )
}

function holdIf(path: string, isWanted: (file: HeldFile) => boolean): HeldFile | null {
  const file = holdFile(path)
  if (file === null || isWanted(file)) return file
  file.close()
  return null
}

function firstOf<Item>(items: readonly Item[], hold: (item: Item) => HeldFile | null): HeldFile | null {
  for (const item of items) {
    const file = hold(item)
    if (file !== null) return file
  }
  return null
}
