import { readMonotonicClock } from '../host/clock.js'
import { mapMemory } from '../native/memory.js'
import type { ProbeObject } from './probe-object.js'
import { probeState } from '../event/wire.gen.js'

/** The probe's struct probe_state: memory shared with the kernel. */
export function openState(object: ProbeObject) {
  const { buffer, unmap } = mapMemory(object.mapFd('.bss'), 'write', 0, probeState.size_bytes)
  const words = new Uint32Array(buffer)
  const count = (offset: number) => (words[offset / 4] as number) + (words[offset / 4 + 1] as number) * 2 ** 32
  return {
    lost: () => ({
      ringFull: count(probeState.lost_ring_full_count),
      mapFull: count(probeState.lost_map_full_count),
    }),
    lostProcesses: () => count(probeState.lost_process_count),
    lostMetadata: () => count(probeState.lost_metadata_count),
    lostDetails: () => ({
      calls: count(probeState.lost_calls_count),
      cgroups: count(probeState.lost_cgroup_count),
      addresses: count(probeState.lost_address_count),
      children: count(probeState.lost_child_count),
      resolves: count(probeState.lost_resolve_count),
    }),
    setRecording(on: 0 | 1) {
      words[probeState.recording_since_ms / 4] = Number((readMonotonicClock() / 1_000_000n) & 0xffffffffn)
      Atomics.store(words, probeState.recording / 4, on)
    },
    close: unmap,
  }
}
