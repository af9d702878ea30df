import { statSync } from 'node:fs'
import { NO_LOSS, addLoss, sumLoss, type LossCounts } from '../../attempt/loss-causes.js'
import { createTotals, mergeTotals, type SessionTotals } from '../write/session-totals.js'
import type { SkippedRuns } from '../probe/skipped-runs.js'
import type { Completeness } from '../count/completeness.js'
import type { NameGaps } from './describe-name-gaps.js'
import type { UnnamedContainers } from '../containers/describe-unnamed.js'
import { HEALTHY } from '../containers/reader-protocol.js'
import type { DnsResult, SessionResult } from './end-session.js'

/** Sums over the files of a recording. */
export interface RecordingTotals {
  readonly files: number
  readonly rows: number
  readonly lost: number
  /** Adds a closed file. */
  add(path: string, result: SessionResult): void
  sum(): RecordingSum
}

export interface RecordingSum extends NameGaps {
  readonly firstPath: string
  readonly lastPath: string
  readonly files: number
  readonly fileBytes: number
  readonly rows: number
  readonly loss: LossCounts
  readonly completeness: Completeness | null
  readonly skipped: SkippedRuns | null
  readonly lostProcesses: number
  readonly totals: SessionTotals
  /** A container without a name counts in each of its files */
  readonly unnamed: UnnamedContainers
  readonly dns: DnsResult | null
}

const NO_DNS: DnsResult = { lookups: 0, named: 0, lost: 0, malformed: 0, evicted: 0 }
export function createRecordingTotals(): RecordingTotals {
  let sum: RecordingSum = {
    firstPath: '',
    lastPath: '',
    files: 0,
    fileBytes: 0,
    rows: 0,
    loss: NO_LOSS,
    completeness: null,
    skipped: null,
    lostProcesses: 0,
    unnamedUids: new Set(),
    isCgroupsCut: false,
    totals: createTotals(),
    unnamed: { count: 0, reader: HEALTHY },
    dns: null,
  }
  return {
    get files() {
      return sum.files
    },
    get rows() {
      return sum.rows
    },
    get lost() {
      return sumLoss(sum.loss)
    },
    add(path, { rows, loss, completeness, skipped, lostProcesses, totals, unnamed, dns, unnamedUids, isCgroupsCut }) {
      sum = {
        firstPath: sum.files === 0 ? path : sum.firstPath,
        lastPath: path,
        files: sum.files + 1,
        fileBytes: sum.fileBytes + (statSync(path, { throwIfNoEntry: false })?.size ?? 0),
        rows: sum.rows + rows,
        loss: addLoss(sum.loss, loss),
        completeness: sum.files === 0 ? completeness : addCompleteness(sum.completeness, completeness),
        skipped: addSkipped(sum.skipped, skipped),
        lostProcesses: sum.lostProcesses + lostProcesses,
        unnamedUids: new Set([...sum.unnamedUids, ...unnamedUids]),
        isCgroupsCut: sum.isCgroupsCut || isCgroupsCut,
        totals: mergeTotals(sum.totals, totals),
        unnamed: { count: sum.unnamed.count + unnamed.count, reader: unnamed.reader },
        dns: dns && addDns(sum.dns ?? NO_DNS, dns),
      }
    },
    sum: () => sum,
  }
}

function addDns(a: DnsResult, b: DnsResult): DnsResult {
  return {
    lookups: a.lookups + b.lookups,
    named: a.named + b.named,
    lost: a.lost + b.lost,
    malformed: a.malformed + b.malformed,
    evicted: a.evicted + b.evicted,
    cut: (a.cut ?? 0) + (b.cut ?? 0),
  }
}

function addSkipped(a: SkippedRuns | null, b: SkippedRuns | null): SkippedRuns | null {
  if (a === null || b === null) return a ?? b
  return { all: a.all + b.all, uncovered: a.uncovered + b.uncovered }
}

function addCompleteness(a: Completeness | null, b: Completeness | null): Completeness | null {
  if (a === null || b === null) return null
  return {
    kernelMin: a.kernelMin + b.kernelMin,
    kernelMax: a.kernelMax + b.kernelMax,
    comparable: a.comparable + b.comparable,
    uncomparable: a.uncomparable + b.uncomparable,
  }
}
