import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { removeAtEnd } from '../output/clean-up.js'
import { requireNoName, temporaryNameOf } from '../output/open-output-file.js'
import { outputFault } from '../output/output-faults.js'
import { openSink } from '../output/sink.js'
import type { Scope, SessionPart } from '../scan/scope.js'
import { createFileTarget, type ExportTarget } from './file-target.js'
import { DIRECTORY_MODE, createOpenParts, type OpenParts } from './open-parts.js'
import type { PartitionKey } from './parts/partition-directory.js'
import { createPartName, type PartName } from './parts/part-name.js'
import { partitionDirectory } from './parts/partition-directory.js'
import { capacityOf, copyRows, createAttemptRows, type AttemptRows } from './rows/attempt-rows.js'
import type { AttemptTable } from './rows/attempt-table.js'
import type { BatchWriter } from './rows/column.js'
import { createSegmentIndex } from '../scan/segment-index.js'

export interface PartitionInput {
  readonly scope: Scope
  readonly partition: readonly PartitionKey[]
  readonly table: AttemptTable
  /** Creates the writer of another file. */
  readonly create: () => BatchWriter
}

/**
 * A data set of Parquet files in Hive directories: `host=NAME/date=2026-01-31/SESSION-1-4500.parquet`. A partition that is needed
 * again after it was closed gets another file. The data set appears when it is complete.
 * @throws E_EXISTS, E_CANNOT_OPEN
 */
export function openPartitionTarget(path: string, input: PartitionInput): ExportTarget {
  const directory = makeDirectory(path)
  const remove = () => rmSync(directory, { recursive: true, force: true })
  const forget = removeAtEnd(remove)
  const parts = createOpenParts(directory, {
    open: (file) => createFileTarget(openSink(file, path), input.table, input.create()),
    async place(file, name) {
      renameSync(file, join(directory, name))
    },
  })
  const divide = createDivider(input, parts)
  let isOver = false
  return {
    async add(rows) {
      try {
        await divide(rows)
      } catch (cause) {
        throw outputFault(path, cause)
      }
    },
    async finish() {
      await parts.finish()
      try {
        requireNoName(path)
        renameSync(directory, path)
      } catch (cause) {
        throw outputFault(path, cause)
      }
      isOver = true
      forget()
    },
    abort() {
      if (isOver) return
      isOver = true
      parts.abort()
      forget()
      remove()
    },
  }
}

function makeDirectory(path: string): string {
  try {
    requireNoName(path)
    const directory = temporaryNameOf(path)
    mkdirSync(directory, { mode: DIRECTORY_MODE })
    return directory
  } catch (cause) {
    throw outputFault(path, cause)
  }
}

/** Writes rows of a single day directly; otherwise groups the rows by day first. */
export function createDivider(
  { scope, partition }: PartitionInput,
  parts: OpenParts,
): (rows: AttemptRows) => Promise<void> {
  const days = scope.parts.map(createDayOf)
  const names = scope.parts.map((part) => createPartName(scope, part))
  const hasDate = partition.includes('date')
  let some: AttemptRows | null = null
  return async (rows) => {
    const host = scope.parts[rows.part]?.host ?? ''
    const name = names[rows.part] as PartName
    const dayOf = hasDate ? (days[rows.part] as (startedNs: number) => number) : () => 0
    const byDay = groupByDay(rows, dayOf)
    for (const [day, positions] of byDay) {
      const directory = partitionDirectory(partition, host, day)
      if (byDay.size === 1) return parts.add(directory, name, rows)
      some ??= createAttemptRows(capacityOf(rows), rows.flags.length > 0)
      copyRows(rows, positions, some)
      await parts.add(directory, name, some)
    }
  }
}

/** Positions of rows by day of start. */
function groupByDay(rows: AttemptRows, dayOf: (startedNs: number) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  let day = NaN
  let positions: number[] = []
  for (let i = 0; i < rows.count; i++) {
    const its = dayOf(rows.startedNs[i] as number)
    if (its !== day) {
      day = its
      positions = groups.get(day) ?? []
      groups.set(day, positions)
    }
    positions.push(i)
  }
  return groups
}

const DAY_NS = 86_400_000_000_000

/** Finds the UTC day of the start of attempts, in days since 1970; exact, without a BigInt per attempt. */
function createDayOf({ segments }: SessionPart): (startedNs: number) => number {
  const offsets = segments.map(({ unixOffsetNs }) => {
    const day = floorDivide(unixOffsetNs, BigInt(DAY_NS))
    return { day: Number(day), restNs: Number(unixOffsetNs - day * BigInt(DAY_NS)) }
  })
  const indexOf = createSegmentIndex(segments)
  return (startedNs) => {
    const offset = offsets[indexOf(startedNs)]
    return offset === undefined ? 0 : offset.day + Math.floor((startedNs + offset.restNs) / DAY_NS)
  }
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value < quotient * by ? quotient - 1n : quotient
}
