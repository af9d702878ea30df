import { formatNumber } from './statistics.js'
import { printTable } from './print-table.js'

/** A goal, and the measured value. */
export interface Goal {
  readonly what: string
  readonly unit: string
  readonly wanted: number
  readonly measured: number
  readonly digits: number
  /** The goal is a minimum; otherwise a maximum. */
  readonly isMinimum?: boolean
}

/** Options of every part of the bench. */
export interface BenchOptions {
  /** Runs of each kind, interleaved. */
  readonly rounds: number
  /** Fewer events, for a quick check: do not publish the figures. */
  readonly isQuick: boolean
}

/** Prints all goals, met and missed. */
export function printGoals(goals: readonly Goal[]): void {
  printTable('## Goals', ['what', 'goal', 'measured', ''], goals.map(renderGoal))
}

function renderGoal({ what, unit, wanted, measured, digits, isMinimum }: Goal): string[] {
  const isMet = isMinimum ? measured >= wanted : measured <= wanted
  const limit = `${isMinimum ? 'at least' : 'at most'} ${wanted} ${unit}`
  return [what, limit, `${formatNumber(measured, digits)} ${unit}`, isMet ? 'met' : 'MISSED']
}
