import { MAX_FILE_BYTES, openDirectory, type ChangedFile, type Directory } from './read-beneath.js'

/** @returns `null` for a file that is missing, unreadable or too large */
export type ReadFile<Value> = (path: string) => Value | null

/** Files of a directory, which are read again when they have changed. */
export interface FileCache<Value> {
  /**
   * Calls `use` if there is the directory. Files that it does not read are forgotten.
   * @param use gets a function that lists the names in the directory
   */
  round(use: (read: ReadFile<Value>, list: () => Iterable<string>) => void): void
}

/** Which files, and how they are read. */
export interface CachedFiles<Value> {
  /** Descriptor of the host's root directory */
  readonly root: number
  /** The directory, below the root */
  readonly path: string
  readonly parse: (content: Buffer) => Value
  /** The default is `MAX_FILE_BYTES`. */
  readonly maxBytes?: number
  /**
   * Whether files in the directory itself get their content when they are created, and never another one: as long as no name
   * is added or removed, none is opened.
   */
  readonly areFinal?: boolean
  /** Called with the path of a file below the root, each time that it is found to be too large */
  readonly onTooLarge: (path: string) => void
}

interface Kept<Value> extends Pick<ChangedFile, 'stamp'> {
  readonly value: Value
}

export function createFileCache<Value>(files: CachedFiles<Value>): FileCache<Value> {
  const { root, path, parse, areFinal = false, maxBytes = MAX_FILE_BYTES, onTooLarge } = files
  let kept = new Map<string, Kept<Value>>()
  /** Of the directory, if all of `kept` is read */
  let keptStamp: string | null = null
  const readAgain = (directory: Directory, name: string): Kept<Value> | null => {
    const known = kept.get(name)
    const file = directory.readChanged(name, known?.stamp ?? null, maxBytes)
    if (file === 'too large') onTooLarge(`${path}/${name}`)
    if (file === null || file === 'too large') return null
    return file === 'same' ? (known ?? null) : { stamp: file.stamp, value: parse(file.content) }
  }
  return {
    round(use) {
      const next = new Map<string, Kept<Value>>()
      const directory = openDirectory(root, path)
      const stamp = areFinal ? (directory?.stamp() ?? null) : null
      const isSame = stamp !== null && stamp === keptStamp
      const read = (name: string): Value | null => {
        const now = directory === null || isSame ? (kept.get(name) ?? null) : readAgain(directory, name)
        if (now !== null) next.set(name, now)
        return now === null ? null : now.value
      }
      try {
        if (directory !== null) use(read, () => (isSame ? kept.keys() : directory.list()))
      } finally {
        directory?.close()
      }
      kept = next
      keptStamp = [...next.values()].every((one) => one.stamp !== null) ? stamp : null
    },
  }
}
