import koffi from 'koffi'
import { RING_BYTES } from '../../src/record/probe/load-probe.js'
import { openLibbpf, type Pointer } from '../../src/record/probe/libbpf.js'
import { mapMemory } from '../../src/record/probe/memory.js'
import { openRing, RECORD_BYTES, type RingReader } from '../../src/record/probe/ring-reader.js'

/** Events that fit: the kernel keeps one byte of the ring free. */
export const RING_EVENTS = RING_BYTES / RECORD_BYTES - 1
/** sizeof(struct bpf_test_run_opts) of libbpf 1.x; all its other fields may stay 0. */
const TEST_RUN_OPTS_BYTES = 80
/** struct feed_state of bench/feed.bpf.c. */
const FEED_STATE = { size_bytes: 16, wanted: 8, mixed: 12 }

/** A ring of made-up events. */
export interface FeedRing {
  readonly ring: RingReader
  /** Puts up to `count` events into the ring and returns how many found room. */
  fill(count: number): number
}

/**
 * Loads the program that fills the ring. What it holds is given back when the process ends.
 * @param isMixed whether one event in ten is a failure
 */
export function openFeedRing(objectPath: string, isMixed: boolean): FeedRing {
  const libbpf = openLibbpf()
  const testRun = koffi.load('libbpf.so.1').func('int bpf_prog_test_run_opts(int fd, void *options)')
  const object = libbpf.openFile(objectPath, null)
  if (!object || libbpf.load(object) !== 0) throw new Error(`cannot load ${objectPath}: it needs Linux 5.17 and root`)
  const fdOf = (map: string) => libbpf.mapFd(libbpf.findMap(object, map) as Pointer)
  const programFd = libbpf.programFd(libbpf.findProgram(object, 'fill_ring') as Pointer)
  const ring = openRing(fdOf('events'), RING_BYTES)
  const state = new Uint32Array(mapMemory(fdOf('.bss'), 'write', 0, FEED_STATE.size_bytes).buffer)
  const options = new Uint32Array(TEST_RUN_OPTS_BYTES / 4)
  state[FEED_STATE.mixed / 4] = Number(isMixed)
  return {
    ring,
    fill(count) {
      state[FEED_STATE.wanted / 4] = count
      options[0] = TEST_RUN_OPTS_BYTES
      const before = ring.pendingBytes()
      if (testRun(programFd, options) !== 0) throw new Error(`BPF_PROG_TEST_RUN failed: errno ${koffi.errno()}`)
      return (ring.pendingBytes() - before) / RECORD_BYTES
    },
  }
}
