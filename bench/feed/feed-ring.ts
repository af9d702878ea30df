import { RING_BYTES } from '../../src/record/probe/load-probe.js'
import { lastErrno, openLibbpf, type Pointer } from '../../src/record/native/libbpf.js'
import { mapMemory } from '../../src/record/native/memory.js'
import { openRingBuffer } from '../../src/record/probe/ring-buffer.js'
import { ATTEMPT_BYTES, createRingReader, type RingReader } from '../../src/record/probe/ring-reader.js'

/** 200 processes of 208 bytes, which are in the ring before the first attempt */
const PROCESSES_BYTES = 200 * 208
/** Events that fit into the ring in addition to the processes. */
export const RING_EVENTS = Math.floor((RING_BYTES - PROCESSES_BYTES) / ATTEMPT_BYTES) - 1
/** sizeof(struct bpf_test_run_opts) of libbpf 1.x; all its other fields may stay 0. */
const TEST_RUN_OPTS_BYTES = 80
/** struct feed_state of bench/feed.bpf.c. */
const FEED_STATE = { size_bytes: 16, wanted: 8, mixed: 12 }

/** A ring of generated events. */
export interface FeedRing {
  readonly ring: RingReader
  /** Puts up to `count` events into the ring and returns how many fit. */
  fill(count: number): number
}

/**
 * Loads the programs that fill the ring, and runs the one that sends the processes. The end of the process releases
 * them.
 * @param isMixed whether one event in ten is a failure
 */
export function openFeedRing(objectPath: string, isMixed: boolean): FeedRing {
  const libbpf = openLibbpf()
  const options = new Uint32Array(TEST_RUN_OPTS_BYTES / 4)
  options[0] = TEST_RUN_OPTS_BYTES
  const object = libbpf.openFile(objectPath, null)
  if (!object || libbpf.load(object) !== 0) throw new Error(`cannot load ${objectPath}: it needs Linux 5.17 and root`)
  const fdOf = (map: string) => libbpf.mapFd(libbpf.findMap(object, map) as Pointer)
  const run = (program: string) => {
    const fd = libbpf.programFd(libbpf.findProgram(object, program) as Pointer)
    if (libbpf.runProgram(fd, options) !== 0) throw new Error(`BPF_PROG_TEST_RUN failed: errno ${lastErrno()}`)
  }
  const ring = createRingReader(openRingBuffer(fdOf('events'), RING_BYTES))
  const state = new Uint32Array(mapMemory(fdOf('.bss'), 'write', 0, FEED_STATE.size_bytes).buffer)
  state[FEED_STATE.mixed / 4] = Number(isMixed)
  run('send_processes')
  return {
    ring,
    fill(count) {
      state[FEED_STATE.wanted / 4] = count
      const before = ring.pendingBytes()
      run('fill_ring')
      return (ring.pendingBytes() - before) / ATTEMPT_BYTES
    },
  }
}
