import { expect, test } from 'vitest'
import { createBatch } from '../../../src/record/write/attempt-batch.js'
import { decodeConnect } from '../../../src/record/write/decode-connect.js'
import { createDictionaries } from '../../../src/record/write/dictionaries.js'
import { processFacts } from '../../../src/record/event/wire.gen.js'
import { createLatencyWindow } from '../../../src/record/write/latency-window.js'
import { sumUpBatch } from '../../../src/record/write/trace-writer.js'
import { packEvents, type EventFields } from '../make-events.js'

/** Decodes events and sums them up, without a trace. */
function sumUp(events: readonly Partial<EventFields>[]) {
  const dictionaries = createDictionaries({
    process: (bytes, at) => ({
      processId: 1,
      netns: new DataView(bytes.buffer).getUint32(at + processFacts.netns, true),
    }),
    endpoint: () => 1,
    localAddress: () => 1,
  })
  const batch = createBatch(events.length)
  const packed = packEvents(events)
  for (const offset of packed.offsets) {
    decodeConnect(packed, offset, { batch, dictionaries, names: null, nat: null, epochHigh: 0, epochLow: 0 })
  }
  const window = createLatencyWindow(0n)
  sumUpBatch(batch, window, dictionaries)
  return { dictionaries, window }
}

test('attempts without a SYN are not counted for their network namespace', () => {
  const events = [{ netns: 4_026_531_840 }, { netns: 4_026_531_840, flags: 16 }, { netns: 9, pid: 2 }, { flags: 15 }]
  expect(sumUp(events).dictionaries.attemptsByNetns()).toEqual(
    new Map([
      [4_026_531_840, 2],
      [9, 1],
    ]),
  )
})

test('the current window includes the decoded attempts', () => {
  const events = [{}, { latencyNs: 70_000n, startedNs: 5n, flags: 3 }, { outcome: 1, synRetransmits: 2, pid: 7 }]
  const { window } = sumUp(events)
  expect(window).toMatchObject({ attempts: 3, minStartedNs: 5, maxStartedNs: 1e9, flagCounts: [1, 1, 0, 0, 0, 0, 0] })
  expect(window.take()).toMatchObject({
    endpoints: [{ entry: 0, counts: [2, 1, 0, 0, 0, 0, 0, 0, 2], maxLatencyNs: 70_000 }],
    processes: [
      { entry: 0, counts: [2, 0, 0, 0, 0, 0, 0, 0, 0], maxLatencyNs: 70_000 },
      { entry: 1, counts: [0, 1, 0, 0, 0, 0, 0, 0, 2], maxLatencyNs: null },
    ],
    unixSeconds: [1, 0],
  })
})
