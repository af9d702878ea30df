import { setTimeout } from 'node:timers/promises'
import { isTemporary } from './store-fault.js'

const MAX_TRIES = 6
const FIRST_PAUSE_MS = 500

export interface RetryOptions {
  readonly wait?: (milliseconds: number) => Promise<unknown>
  readonly random?: () => number
}

/**
 * Repeats a request that an endpoint cannot answer at the moment, up to six times. Pauses double; a random part keeps hosts from
 * returning all at once.
 * @param run gets the number of failed tries
 */
export async function retry<T>(
  run: (failures: number) => Promise<T>,
  { wait = (milliseconds) => setTimeout(milliseconds), random = Math.random }: RetryOptions = {},
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await run(failures)
    } catch (error) {
      if (failures + 1 >= MAX_TRIES || !isTemporary(error)) throw error
      await wait(FIRST_PAUSE_MS * 2 ** failures * (0.5 + random() / 2))
    }
  }
}
