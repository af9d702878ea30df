import { safeLine } from '../../text/safe-text.js'
import { killProcess, readLines, type ReaderProcess } from './reader-process.js'
import type { ReaderAnswer, ReaderRequest, ReaderState } from './reader-protocol.js'
import type { ReaderSupply } from './reader-supply.js'

/** Limit of requests that the reader has not received. Later containers are requested again. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024

interface ReaderEvents {
  readonly supply: ReaderSupply
  readonly take: (answer: ReaderAnswer) => void
  /** Another one has started after one ended. */
  readonly onReplaced: () => void
  /** @param isLast whether no other follows */
  readonly onEnded: (isLast: boolean) => void
}

/** The process that reads names, and those that replace it. */
export interface Readers {
  /** Requests are lost while no reader runs. */
  send(request: ReaderRequest): void
  /** Whether a reader keeps up: if it hangs, requests would fill the memory. */
  takesMore(): boolean
  /** Starts the next one at once, if one has ended: somebody waits for names. */
  endPause(): void
  /** `running` also while one that ended is replaced */
  state(): ReaderState
  /** @param as the state from now on, if it is not final already */
  end(as: 'hung' | 'ended'): void
}

export function followReaders({ supply, take, onReplaced, onEnded }: ReaderEvents): Readers {
  let state: ReaderState = 'running'
  let reader: ReaderProcess | null = null
  let pause: NodeJS.Timeout | null = null
  const replace = () => {
    const pauseMs = supply.pauseMs()
    if (pauseMs === null) state = 'ended'
    else pause = setTimeout(startNext, pauseMs).unref()
    onEnded(pauseMs === null)
  }
  const begin = (started: ReaderProcess) => {
    reader = started
    readLines(started.stdout, (line) => take(JSON.parse(line) as ReaderAnswer))
    readLines(started.stderr, (line) => {
      if (state !== 'hung' && /Error\b/.test(line)) {
        process.stderr.write(`note: the process that reads names of containers: ${safeLine(line)}\n`)
      }
    })
    const leave = () => {
      if (reader !== started) return
      reader = null
      if (state === 'running') replace()
    }
    started.process.on('exit', leave).on('error', leave)
    // A spare may have ended before.
    if (started.process.exitCode !== null || started.process.signalCode !== null) leave()
  }
  const startNext = () => {
    pause = null
    const started = supply.take()
    if (started === null) return replace()
    begin(started)
    onReplaced()
  }
  const first = supply.take()
  if (first === null) state = 'ended'
  else begin(first)
  return {
    send: (request) => void reader?.stdin.write(`${JSON.stringify(request)}\n`),
    takesMore: () => reader !== null && reader.stdin.writableLength < MAX_UNSENT_BYTES,
    endPause() {
      if (pause === null) return
      clearTimeout(pause)
      startNext()
    },
    state: () => state,
    end(as) {
      if (state === 'running') state = as
      if (pause !== null) clearTimeout(pause)
      pause = null
      if (reader !== null) killProcess(reader)
      supply.close()
      onEnded(true)
    },
  }
}
