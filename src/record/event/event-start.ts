import type { EventMemory } from './event-memory.js'
import { PROCESS_BYTES } from './process-table.js'
import { connectEvent, connectFlag, processFacts } from './wire.gen.js'

const [STARTED, PROCESS] = [connectEvent.started_ns / 4, connectEvent.process / 4]

/** Time and network namespace of an attempt's start. */
export interface EventStart {
  /** CLOCK_MONOTONIC */
  readonly startedNs: bigint
  /** Inode number of its network namespace */
  readonly netns: number
}

/** Start of the event at `byteOffset`. */
export function readEventStart({ words, processes }: EventMemory, byteOffset: number): EventStart {
  const at = byteOffset >> 2
  const slot = processes.find(words, at + PROCESS)
  const [low, high] = [words[at + STARTED] as number, words[at + STARTED + 1] as number]
  return {
    startedNs: (BigInt(high) << 32n) | BigInt(low),
    netns: processes.words[(slot * PROCESS_BYTES + processFacts.netns) >> 2] as number,
  }
}

/** Whether the kernel counts the attempt in TcpActiveOpens, i.e. a SYN was sent. */
export function sentSyn(words: Uint32Array, byteOffset: number): boolean {
  const flags = (words[(byteOffset + connectEvent.outcome) >> 2] as number) >>> 24
  return (flags & connectFlag.no_syn) === 0
}
