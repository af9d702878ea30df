import { setTimeout as delay } from 'node:timers/promises'

type Found<T> = T | null | undefined | false | ''

/**
 * Calls `find` every `everyMs` until it returns a truthy value, or a promise of one.
 * @param what is waited for; a function is called when the time is over, and can name the last value
 * @throws after `timeoutMs`, naming `what`
 */
export async function waitUntil<T>(
  what: string | (() => string),
  find: () => Found<T> | Promise<Found<T>>,
  { timeoutMs = 200_000, everyMs = 5 } = {},
): Promise<T> {
  for (const until = performance.now() + timeoutMs; performance.now() < until; await delay(everyMs)) {
    const found = await find()
    if (found) return found
  }
  throw new Error(`after ${timeoutMs} ms still waiting for ${typeof what === 'string' ? what : what()}`)
}

/**
 * Checks every 5 ms, for `periodMs`, that something does not happen. On a busy machine it checks for longer, and never
 * fails for that.
 * @throws as soon as `find` returns a truthy value, naming `what`
 */
export async function expectNever(what: string, find: () => unknown, periodMs: number): Promise<void> {
  for (const until = performance.now() + periodMs; performance.now() < until; await delay(5)) {
    if (find()) throw new Error(`there was ${what}`)
  }
}
