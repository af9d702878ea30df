import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { removeAtEnd } from '../output/clean-up.js'
import { requireNoName, temporaryNameOf } from '../output/open-output-file.js'
import { outputFault } from '../output/output-faults.js'
import { openSink } from '../output/sink.js'
import type { Scope } from '../trace/scope.js'
import { createDayOf } from './day-of.js'
import { createFileTarget, type ExportTarget } from './file-target.js'
import { DIRECTORY_MODE, createOpenParts, type OpenParts } from './open-parts.js'
import type { PartitionKey } from './parse-partition.js'
import { partitionDirectory } from './partition-directory.js'
import { readSessionKey } from './session-key.js'
import { capacityOf, copyRows, createAttemptRows, type AttemptRows } from './rows/attempt-rows.js'
import type { AttemptTable } from './rows/attempt-table.js'
import type { BatchWriter } from './rows/column.js'

export interface PartitionInput {
  readonly scope: Scope
  readonly partition: readonly PartitionKey[]
  readonly table: AttemptTable
  /** Makes the writer of one more file. */
  readonly create: () => BatchWriter
}

/**
 * A data set of Parquet files in directories, as Hive names them: `host=NAME/date=2026-01-31/SESSION-1-4500.parquet`. A
 * partition that is needed again after it was closed gets another file. The whole appears at once.
 * @throws E_EXISTS, E_CANNOT_OPEN
 */
export function openPartitionTarget(path: string, input: PartitionInput): ExportTarget {
  const directory = makeDirectory(path)
  const remove = () => rmSync(directory, { recursive: true, force: true })
  const forget = removeAtEnd(remove)
  const parts = createOpenParts(directory, (file) =>
    createFileTarget(openSink(file, path), input.table, input.create()),
  )
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

/** Rows of one day are written as they are; else each day's rows are moved together. */
function createDivider({ scope, partition }: PartitionInput, parts: OpenParts): (rows: AttemptRows) => Promise<void> {
  const days = scope.parts.map(createDayOf)
  const sessions = scope.parts.map((part) => readSessionKey(part).uuid)
  const hasDate = partition.includes('date')
  let some: AttemptRows | null = null
  return async (rows) => {
    const host = scope.parts[rows.part]?.host ?? ''
    const session = sessions[rows.part] as string
    const dayOf = hasDate ? (days[rows.part] as (startedNs: number) => number) : () => 0
    const byDay = groupByDay(rows, dayOf)
    for (const [day, positions] of byDay) {
      const directory = partitionDirectory(partition, host, day)
      if (byDay.size === 1) return parts.add(directory, session, rows)
      some ??= createAttemptRows(capacityOf(rows))
      copyRows(rows, positions, some)
      await parts.add(directory, session, some)
    }
  }
}

/** Positions of rows by the day on which they began. */
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
