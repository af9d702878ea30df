import { readFileSync } from 'node:fs'
import Database, { type Statement } from 'better-sqlite3'
import { vi } from 'vitest'

let [rows, numbers] = [0, 0]

// Number of values decoded from stored sums.
vi.mock(import('../../../src/sums/varint.js'), async (original) => {
  const module = await original()
  return {
    ...module,
    createVarintReader(encoded) {
      const reader = module.createVarintReader(encoded)
      return { ...reader, next: () => (numbers++, reader.next()) }
    },
    readVarintPairs: (encoded, take) =>
      module.readVarintPairs(encoded, (first, second) => {
        numbers += 2
        take(first, second)
      }),
  }
})

countRows()

/** The work of an analysis. */
export interface AnalysisWork {
  /** Rows from SQLite, and pages that were read */
  readonly reads: number
  /** Values decoded from stored sums */
  readonly numbers: number
}

/** Starts to count the work of analyses. */
export function countAnalysis(): () => AnalysisWork {
  const before = { reads: rows + readPages(), numbers }
  return () => ({ reads: rows + readPages() - before.reads, numbers: numbers - before.numbers })
}

function countRows(): void {
  const db = new Database(':memory:')
  const prototype = Object.getPrototypeOf(db.prepare('SELECT 1')) as Statement
  db.close()
  const { all, get, iterate } = prototype
  prototype.get = function (...values) {
    rows++
    return get.apply(this, values)
  }
  prototype.all = function (...values) {
    const found = all.apply(this, values)
    rows += found.length
    return found
  }
  prototype.iterate = function (...values) {
    const found = iterate.apply(this, values)
    const next = found.next.bind(found)
    found.next = () => (rows++, next())
    return found
  }
}

/** Pages of 4,096 bytes, read by this process and its threads: proc_pid_io(5). */
function readPages(): number {
  return Math.ceil(Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]) / 4096)
}
