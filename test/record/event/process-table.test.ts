import { describe, expect, test } from 'vitest'
import { EXE, PROCESS_BYTES, createProcessTable } from '../../../src/record/event/process-table.js'
import { readText } from '../../../src/record/event/event-memory.js'
import { processEvent, processFacts } from '../../../src/record/event/wire.gen.js'

type Key = readonly [position: number, generation: number]

const EXE_BYTES = processEvent.size_bytes - processEvent.exe

/** A struct process_event in memory, after other bytes. */
function makeRecord(pid: number, [position, generation]: Key, exe = `exe-${pid}`) {
  const byteOffset = 24
  const bytes = new Uint8Array(byteOffset + processEvent.size_bytes).fill(0xee)
  const view = new DataView(bytes.buffer, byteOffset)
  bytes.fill(0, byteOffset + processEvent.facts, byteOffset + processEvent.exe)
  view.setUint32(processEvent.key, position, true)
  view.setUint32(processEvent.key + 4, generation, true)
  view.setUint32(processEvent.facts + processFacts.pid, pid, true)
  view.setUint32(processEvent.facts + processFacts.netns, pid * 10, true)
  bytes.set(new TextEncoder().encode(`${exe}\0`).subarray(0, EXE_BYTES), byteOffset + processEvent.exe)
  return { bytes, words: new Uint32Array(bytes.buffer), byteOffset }
}

/** A process table that is searched for pids. */
function createScene() {
  const table = createProcessTable()
  const slotOf = ([position, generation]: Key) => table.find(Uint32Array.of(9, position, generation), 1)
  const factOf = (slot: number, name: 'pid' | 'netns') =>
    table.words[(slot * PROCESS_BYTES + processFacts[name]) / 4] as number
  return {
    table,
    slotOf,
    add(pid: number, key: Key, exe?: string) {
      const { words, bytes, byteOffset } = makeRecord(pid, key, exe)
      table.add(words, bytes, byteOffset)
    },
    /** 0: not known */
    pidOf: (key: Key) => factOf(slotOf(key), 'pid'),
    netnsOf: (key: Key) => factOf(slotOf(key), 'netns'),
    exeOf: (key: Key) => readText(table.bytes, slotOf(key) * PROCESS_BYTES + EXE, EXE_BYTES),
    mark: (...pending: Key[]) =>
      table.mark(() => ({ words: Uint32Array.from(pending.flat()), wordOffsets: pending.map((_, i) => 2 * i) })),
  }
}

describe('a known process', () => {
  test('is found by its key, with its facts and the name of its executable', () => {
    const { add, exeOf, netnsOf, pidOf, table, slotOf } = createScene()
    add(501, [7, 1])
    add(502, [8, 1])
    expect([pidOf([7, 1]), netnsOf([7, 1]), exeOf([7, 1])]).toEqual([501, 5010, 'exe-501'])
    expect([pidOf([8, 1]), netnsOf([8, 1]), exeOf([8, 1])]).toEqual([502, 5020, 'exe-502'])
    expect(table.serialOf(slotOf([7, 1]))).not.toBe(table.serialOf(slotOf([8, 1])))
  })

  test('has zeros after the end of its executable, whatever bytes the ring had there', () => {
    const { add, slotOf, table } = createScene()
    add(501, [7, 1], 'sh')
    const at = slotOf([7, 1]) * PROCESS_BYTES + EXE
    expect(Buffer.from(table.bytes.subarray(at, at + 2)).toString()).toBe('sh')
    expect(table.bytes.subarray(at + 2, at + EXE_BYTES).every((byte) => byte === 0)).toBe(true)
  })

  test('may have an executable name that fills all of its bytes', () => {
    const { add, exeOf, pidOf } = createScene()
    add(501, [7, 1], 'x'.repeat(EXE_BYTES))
    add(502, [8, 1])
    expect([exeOf([7, 1]), pidOf([8, 1])]).toEqual(['x'.repeat(EXE_BYTES), 502])
  })

  test('stays in its slot when it is added again', () => {
    const { add, pidOf, slotOf, table } = createScene()
    add(501, [7, 1])
    const [slot, serial] = [slotOf([7, 1]), table.serialOf(slotOf([7, 1]))]
    add(501, [7, 1])
    expect([pidOf([7, 1]), slotOf([7, 1]), table.serialOf(slot)]).toEqual([501, slot, serial])
    expect(table.supersededCount).toBe(0)
  })

  test.each([0, 1023, 1024, 2 ** 21 - 1])('may have position %i', (position) => {
    const { add, pidOf } = createScene()
    add(500, [1, 1])
    add(501, [position, 1])
    expect([pidOf([position, 1]), pidOf([1, 1])]).toEqual([501, 500])
  })

  test('stays the same when the table grows', () => {
    const { add, exeOf, pidOf, slotOf } = createScene()
    const slots: number[] = []
    for (let i = 0; i < 1000; i++) {
      add(1000 + i, [3 * i, 1])
      slots.push(slotOf([3 * i, 1]))
    }
    for (let i = 0; i < 1000; i++) {
      expect([pidOf([3 * i, 1]), exeOf([3 * i, 1]), slotOf([3 * i, 1])]).toEqual([
        1000 + i,
        `exe-${1000 + i}`,
        slots[i],
      ])
    }
  })
})

describe('an unknown process', () => {
  test('has no pid, and the network namespace of its key', () => {
    const { pidOf, netnsOf, exeOf } = createScene()
    expect([pidOf([4_026_531_840, 0]), netnsOf([4_026_531_840, 0]), exeOf([4_026_531_840, 0])]).toEqual([
      0,
      4_026_531_840,
      '',
    ])
  })

  test('has one slot for each network namespace', () => {
    const { slotOf } = createScene()
    const slots = [slotOf([5, 0]), slotOf([6, 0]), slotOf([5, 0])]
    expect([slots[0] === slots[2], slots[0] === slots[1]]).toEqual([true, false])
  })

  test.each<[string, Key]>([
    ['without a record', [9, 1]],
    ['of a later generation', [7, 2]],
    ['beyond every position', [2 ** 31, 1]],
  ])('is the result for a key %s, without a network namespace', (_, key) => {
    const { add, pidOf, netnsOf } = createScene()
    add(501, [7, 1])
    expect([pidOf(key), netnsOf(key)]).toEqual([0, 0])
  })

  test('is the result for a record with a position out of range', () => {
    const { add, pidOf } = createScene()
    add(501, [2 ** 21, 1])
    expect(pidOf([2 ** 21, 1])).toBe(0)
  })
})

describe('a superseded process', () => {
  test('is still found by its key', () => {
    const { add, exeOf, pidOf, table } = createScene()
    add(501, [7, 1])
    add(502, [7, 2])
    add(503, [7, 5])
    expect([1, 2, 5].map((generation) => pidOf([7, generation]))).toEqual([501, 502, 503])
    expect(exeOf([7, 1])).toBe('exe-501')
    expect(table.supersededCount).toBe(2)
  })

  test('does not return when its record is read after a newer one', () => {
    const { add, pidOf, table } = createScene()
    add(502, [7, 2])
    add(501, [7, 1])
    expect([pidOf([7, 2]), pidOf([7, 1]), table.supersededCount]).toEqual([502, 0, 0])
  })

  test('is removed if it was marked, and not before', () => {
    const { add, mark, pidOf, table } = createScene()
    add(501, [7, 1])
    add(502, [7, 2])
    table.dropMarked()
    expect(pidOf([7, 1])).toBe(501)
    mark()
    expect(pidOf([7, 1])).toBe(501)
    table.dropMarked()
    expect([pidOf([7, 1]), pidOf([7, 2]), table.supersededCount]).toEqual([0, 502, 0])
  })

  test('is kept while it has pending attempts, until a mark finds none', () => {
    const { add, mark, pidOf, table } = createScene()
    add(501, [7, 1])
    add(502, [7, 2])
    add(503, [7, 3])
    mark([7, 2], [7, 3], [99, 0])
    table.dropMarked()
    expect([pidOf([7, 1]), pidOf([7, 2]), pidOf([7, 3]), table.supersededCount]).toEqual([0, 502, 503, 1])
    mark()
    table.dropMarked()
    expect([pidOf([7, 2]), pidOf([7, 3]), table.supersededCount]).toEqual([0, 503, 0])
  })

  test('is kept when it was superseded after the mark', () => {
    const { add, mark, pidOf, table } = createScene()
    add(501, [7, 1])
    add(502, [7, 2])
    mark()
    add(503, [7, 3])
    table.dropMarked()
    expect([pidOf([7, 1]), pidOf([7, 2]), pidOf([7, 3])]).toEqual([0, 502, 503])
  })

  test('is kept when it was superseded while the pending attempts were read', () => {
    const { add, pidOf, table } = createScene()
    add(501, [7, 1])
    add(502, [7, 2])
    table.mark(() => {
      add(503, [7, 3])
      return { words: new Uint32Array(0), wordOffsets: [] }
    })
    table.dropMarked()
    expect([pidOf([7, 1]), pidOf([7, 2]), pidOf([7, 3])]).toEqual([0, 502, 503])
  })

  test('frees its slot for another process, which has another serial and none of its facts', () => {
    const { add, exeOf, mark, slotOf, table } = createScene()
    add(501, [7, 1], 'a-long-name')
    const slot = slotOf([7, 1])
    const serial = table.serialOf(slot)
    add(502, [7, 2])
    mark()
    table.dropMarked()
    add(503, [8, 1], 'sh')
    expect(slotOf([8, 1])).toBe(slot)
    expect(table.serialOf(slot)).not.toBe(serial)
    expect(exeOf([8, 1])).toBe('sh')
  })

  test('uses no memory after it is removed', () => {
    const { add, mark, table } = createScene()
    for (let generation = 1; generation <= 10_000; generation++) {
      add(501, [7, generation])
      mark()
      table.dropMarked()
    }
    expect(table.bytes.length).toBeLessThanOrEqual(64 * PROCESS_BYTES)
  })
})
