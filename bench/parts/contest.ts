import { startMeasured, type Usage } from '../run-measured.js'
import { spreadOf, type Spread } from '../statistics.js'

/** A command in a comparison. */
export interface Contest {
  readonly what: string
  readonly command: readonly string[]
}

/**
 * Runs whole processes one after the other, round by round.
 * @returns the cost of each, by round
 */
export async function runInTurn(contests: readonly Contest[], rounds: number): Promise<Usage[][]> {
  const usages: Usage[][] = contests.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [i, { command }] of contests.entries()) usages[i]!.push(await (await startMeasured(command)).ended)
  }
  return usages
}

/** Elapsed time in s. */
export function secondsOf(usages: readonly Usage[]): Spread {
  return spreadOf(usages.map((usage) => usage.elapsedMs / 1000))
}

/** Maximum resident memory of a process, in bytes. */
export function peakOf(usages: readonly Usage[]): number {
  return Math.max(...usages.map((usage) => usage.peakBytes))
}
