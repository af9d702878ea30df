import { lstatSync, readdirSync } from 'node:fs'
import { uptime } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../../errors.js'
import { safeLine } from '../../show/safe-text.js'
import type { Limit } from '../options/parse-rotation.js'
import { chooseExpired, type KeptFile } from './choose-expired.js'
import { watchClock, type Clocks } from './clock-watch.js'
import type { FileNames } from './file-names.js'
import { createKnownFiles } from './known-files.js'
import { removeFile, tidyFile, type Round } from './tidy-file.js'

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
  readonly clocks?: RoundClocks
}

interface RoundClocks extends Clocks {
  /** For how long a step takes, in ms */
  now(): number
}

const CLOCKS: RoundClocks = { now: () => performance.now(), sinceBoot: () => uptime() * 1000, wall: () => Date.now() }

/**
 * Closes what a killed recorder left open, removes what it had only begun to make, and what is to be kept no longer: at the
 * beginning, at every new file, and once a minute. Errors are told once each and end nothing.
 */
export function createTidyFiles({ tell, clocks = CLOCKS, ...options }: TidyOptions): TidyFiles {
  const each = prepare({ ...options, clocks, tell: (text) => tell(`${text}; recording goes on`) })
  let round: Iterator<void> | null = null
  let lookAtMs = -Infinity
  return {
    lookAgain() {
      round = null
      lookAtMs = -Infinity
    },
    step(running) {
      const startMs = clocks.now()
      if (round === null && startMs < lookAtMs) return
      round ??= tidy(each, running)
      lookAtMs = startMs + PERIOD_MS
      try {
        do {
          if (round.next().done) return void (round = null)
        } while (clocks.now() - startMs < STEP_MS)
      } catch (error) {
        round = null
        each.tellOnce(cannotLook(options, error))
      }
    },
  }
}

/** The same at once, while there is no file yet that is recorded into. */
export function tidyNow(options: TidyOptions): void {
  const each = prepare({ clocks: CLOCKS, ...options })
  try {
    Array.from(tidy(each, null))
  } catch (error) {
    each.tellOnce(cannotLook(options, error))
  }
}

interface Rounds extends Round, Pick<TidyOptions, 'keep'> {
  readonly wall: () => number
  /** Whether the wall clock tells the age of files. */
  readonly knowsAges: () => boolean
}

function prepare({ names, keep, tell, clocks }: TidyOptions & { readonly clocks: RoundClocks }): Rounds {
  const told = new Set<string>()
  const tellOnce = (text: string) => {
    if (told.has(text)) return
    told.add(text)
    tell(safeLine(text))
  }
  return { names, keep, known: createKnownFiles(names), tellOnce, wall: clocks.wall, knowsAges: watchClock(clocks) }
}

/** One look at all files, with a pause after each. */
function* tidy(each: Rounds, running: RunningFile | null): Generator<void> {
  const { names, keep, known } = each
  const files: KeptFile[] = []
  const candidates = readdirSync(names.directory).filter((name) => names.secondOf(name) !== null)
  known.keepOnly(candidates)
  for (const name of candidates) {
    yield
    // Not even to look at: closing any descriptor of it would give up the locks that SQLite holds on it.
    if (running !== null && isSame(join(names.directory, name), running.path)) continue
    const file = tidyFile(each, name)
    if (file !== null) files.push(file)
  }
  const isInDoubt = !each.knowsAges()
  if (keep === null || ('ns' in keep && isInDoubt)) return
  const moment = { nowMs: each.wall(), runningBytes: running?.sizeBytes() ?? 0 }
  for (const { name } of chooseExpired(files, keep, moment)) {
    yield
    removeFile(each, name)
  }
}

function cannotLook({ names }: Pick<TidyOptions, 'names'>, error: unknown): string {
  return `cannot look for files in ${names.directory}: ${messageOf(error)}`
}

function isSame(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => lstatSync(path, { throwIfNoEntry: false }))
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev
}
