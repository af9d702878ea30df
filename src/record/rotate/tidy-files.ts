import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, type TcpconnError } from '../../errors.js'
import { safeLine } from '../../show/safe-text.js'
import type { Limit } from '../options/parse-rotation.js'
import { openOutput } from '../session/open-output.js'
import { chooseExpired, type KeptFile } from './choose-expired.js'
import type { FileNames } from './file-names.js'
import { findOwnFile } from './own-file.js'

/** What a recording waits for at a time: attempts stay in the ring meanwhile. */
const STEP_MS = 10
const PERIOD_MS = 60_000

/** Keeps the files of a rotating recording in order. */
export interface TidyFiles {
  /** Does a part of what there is to do. To be called often. */
  step(running: RunningFile): void
  /** Looks at all files at the next step, as when there is a new one. */
  lookAgain(): void
}

export interface RunningFile {
  readonly path: string
  sizeBytes(): number
}

export interface TidyOptions {
  readonly names: FileNames
  /** `null`: all files stay */
  readonly keep: Limit | null
  /** Says what could not be done. */
  readonly tell: (text: string) => void
  /** Milliseconds of a clock that only goes forward */
  readonly now?: () => number
}

/**
 * Closes what a killed recorder left open, removes what it had only begun to make, and what is to be kept no longer: at the beginning, at every new file, and
 * once a minute. Errors are told once each and end nothing.
 */
export function createTidyFiles({ names, keep, tell, now = () => performance.now() }: TidyOptions): TidyFiles {
  const told = new Set<string>()
  const tellOnce = (text: string) => {
    if (told.has(text)) return
    told.add(text)
    tell(safeLine(text))
  }
  const known = createKnownFiles(names)
  let round: Iterator<void> | null = null
  let lookAtMs = -Infinity
  return {
    lookAgain() {
      round = null
      lookAtMs = -Infinity
    },
    step(running) {
      const startMs = now()
      if (round === null && startMs < lookAtMs) return
      round ??= tidy({ names, keep, known, tellOnce, running })
      lookAtMs = startMs + PERIOD_MS
      try {
        do {
          if (round.next().done) return void (round = null)
        } while (now() - startMs < STEP_MS)
      } catch (error) {
        round = null
        tellOnce(`cannot look for files in ${names.directory}: ${messageOf(error)}; recording goes on`)
      }
    },
  }
}

interface Round extends Pick<TidyOptions, 'names' | 'keep'> {
  readonly known: KnownFiles
  readonly tellOnce: (text: string) => void
  readonly running: RunningFile
}

/** One look at all files, with a pause after each. */
function* tidy({ names, keep, known, tellOnce, running }: Round): Generator<void> {
  const files: KeptFile[] = []
  const candidates = readdirSync(names.directory).filter((name) => names.secondOf(name) !== null)
  known.keepOnly(candidates)
  for (const name of candidates) {
    yield
    const path = join(names.directory, name)
    // Not even to look at: closing any descriptor of it would give up the locks that SQLite holds on it.
    if (isSame(path, running.path)) continue
    // Of a step that a kill cut off: until it is taken back nobody can read the file.
    if (existsSync(`${path}-journal`)) closeFile(path, tellOnce)
    const file = known.look(name)
    if (file === null) continue
    if (file.isStillborn) removeFile(path, tellOnce)
    else {
      if (file.isUnclosed) closeFile(path, tellOnce)
      files.push({ name, ...file })
    }
  }
  if (keep === null) return
  for (const { name } of chooseExpired(files, keep, { nowMs: Date.now(), runningBytes: running.sizeBytes() })) {
    yield
    // Somebody may have begun to record into it, or have put another file there, since it was looked at.
    if (findOwnFile(names, name) !== null) removeFile(join(names.directory, name), tellOnce)
  }
}

/** Files that were looked at before: what did not change is not opened again. */
interface KnownFiles {
  look(name: string): ReturnType<typeof findOwnFile>
  keepOnly(names: readonly string[]): void
}

function createKnownFiles(names: FileNames): KnownFiles {
  const known = new Map<string, { readonly mark: string; readonly file: ReturnType<typeof findOwnFile> }>()
  return {
    look(name) {
      const stat = statSync(join(names.directory, name), { throwIfNoEntry: false, bigint: true })
      const mark = `${stat?.dev} ${stat?.ino} ${stat?.ctimeNs}`
      const before = known.get(name)
      if (before?.mark === mark && !before.file?.isUnclosed) return before.file
      const file = findOwnFile(names, name)
      known.set(name, { mark, file })
      return file
    },
    keepOnly(candidates) {
      const present = new Set(candidates)
      for (const name of known.keys()) if (!present.has(name)) known.delete(name)
    },
  }
}

function closeFile(path: string, tellOnce: (text: string) => void): void {
  try {
    openOutput(path).close()
  } catch (error) {
    // Somebody else is just recording into it.
    if ((error as TcpconnError).code === 'E_BUSY_TRACE') return
    tellOnce(`cannot close ${path}, which its recorder left open: ${messageOf(error)}; recording goes on`)
  }
}

/** A closed trace is one file; what SQLite may have left beside one is of no use without it. */
function removeFile(path: string, tellOnce: (text: string) => void): void {
  try {
    rmSync(path)
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
  } catch (error) {
    tellOnce(`cannot remove ${path}, which is to be kept no longer: ${messageOf(error)}; recording goes on`)
  }
}

function isSame(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }))
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev
}
