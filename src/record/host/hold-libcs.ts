import { findFunction } from './find-function.js'
import { firstOf } from './first-of.js'
import type { FoundLibc } from './find-libcs.js'
import { holdFile, readPart, type HeldFile } from './hold-file.js'
import { ELF_START_BYTES, isCodeOf, type LibcMachine } from './libc-machine.js'

/** Limit of attached libcs. A process can map any number of files named like a libc; some more are inspected. */
export const MAX_LIBCS = 256
const MAX_LOOKED_AT = 1024

/** A reference to a libc. */
export interface HeldLibc {
  /** Valid until it is closed */
  readonly path: string
  /** File offset of getaddrinfo */
  readonly resolverOffset: number
}

export interface HeldLibcs {
  readonly libcs: readonly HeldLibc[]
  /** Whether more libcs were found than the limit. */
  readonly isCut: boolean
  close(): void
}

/** References the existing libcs of this machine type. 32-bit libcs use another calling convention. */
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

/** Compares inode numbers but not devices: with btrfs and overlayfs, the device in maps differs from the file's. */
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
