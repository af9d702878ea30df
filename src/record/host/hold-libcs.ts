import type { FoundLibc } from './find-libcs.js'
import { holdFile, readStart, type HeldFile } from './hold-file.js'
import { ELF_START_BYTES, isCodeOf, type LibcMachine } from './libc-machine.js'

/** Any process can map files by the name of a libc, as many as it likes, and each is parsed. */
export const MAX_LIBCS = 256

/** Libcs that do not change any more. */
export interface HeldLibcs {
  /** One for each of them, good as long as they are held */
  readonly paths: readonly string[]
  /** There are more than are held. */
  readonly isCut: boolean
  close(): void
}

/** Holds those of some libcs that are there and of this machine's kind: 32-bit ones have their arguments elsewhere. */
export function holdLibcs(libcs: readonly FoundLibc[], machine: LibcMachine): HeldLibcs {
  const held: HeldFile[] = []
  for (const libc of libcs) {
    if (held.length > MAX_LIBCS) break
    const file = holdLibc(libc, machine)
    if (file !== null) held.push(file)
  }
  const isCut = held.length > MAX_LIBCS
  if (isCut) held.pop()?.close()
  return { paths: held.map(({ path }) => path), isCut, close: () => held.forEach((file) => file.close()) }
}

/** Inode numbers are compared, devices are not: those of btrfs and overlayfs are others in maps than of the file. */
function holdLibc({ mapping, paths, inode }: FoundLibc, machine: LibcMachine): HeldFile | null {
  const isCode = (file: HeldFile) => isCodeOf(machine, readStart(file, ELF_START_BYTES))
  return (
    holdIf(mapping, isCode) ?? firstOf(paths, (path) => holdIf(path, (file) => file.inode === inode && isCode(file)))
  )
}

function holdIf(path: string, isWanted: (file: HeldFile) => boolean): HeldFile | null {
  const file = holdFile(path)
  if (file === null || isWanted(file)) return file
  file.close()
  return null
}

function firstOf(paths: readonly string[], hold: (path: string) => HeldFile | null): HeldFile | null {
  for (const path of paths) {
    const file = hold(path)
    if (file !== null) return file
  }
  return null
}
