import { formatNumber } from './statistics.js'
import { printTable } from './print-table.js'

/** A figure that is wanted, and what was measured. */
export interface Goal {
  readonly what: string
  readonly unit: string
  readonly wanted: number
  readonly measured: number
  readonly digits: number
  /** More is better; without it less is. */
  readonly isMinimum?: boolean
}

/** What every part of the bench is told. */
export interface BenchOptions {
  /** Runs of each kind, in turn. */
  readonly rounds: number
  /** Fewer events: figures for a look, not for the record. */
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
