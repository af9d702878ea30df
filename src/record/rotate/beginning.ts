import type { EventMemory } from '../decode/event-memory.js'
import { PROCESS_BYTES } from '../decode/process-table.js'
import { connectEvent, connectFlag, processFacts } from '../probe/wire.gen.js'

const [STARTED, PROCESS] = [connectEvent.started_ns / 4, connectEvent.process / 4]

/** When and where an attempt began. */
export interface Beginning {
  /** CLOCK_MONOTONIC */
  readonly startedNs: bigint
  /** Inode number of its network namespace */
  readonly netns: number
}

/** Of the event at `byteOffset`. */
export function readBeginning({ words, processes }: EventMemory, byteOffset: number): Beginning {
  const at = byteOffset >> 2
  const slot = processes.find(words, at + PROCESS)
  const [low, high] = [words[at + STARTED] as number, words[at + STARTED + 1] as number]
  return {
    startedNs: (BigInt(high) << 32n) | BigInt(low),
    netns: processes.words[(slot * PROCESS_BYTES + processFacts.netns) >> 2] as number,
  }
}

/** Whether the kernel counts it: what sent no SYN is not in TcpActiveOpens. */
export function sentSyn(words: Uint32Array, byteOffset: number): boolean {
  const flags = (words[(byteOffset + connectEvent.outcome) >> 2] as number) >>> 24
  return (flags & connectFlag.no_syn) === 0
}
