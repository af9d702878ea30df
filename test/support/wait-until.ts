import { setTimeout as delay } from 'node:timers/promises'

/**
 * Looks every `everyMs` until `find` gives something truthy.
 * @throws after `timeoutMs`, naming `what` was waited for
 */
export async function waitUntil<T>(
  what: string,
  find: () => T | null | undefined | false | '',
  { timeoutMs = 30_000, everyMs = 5 } = {},
): Promise<T> {
  for (const until = performance.now() + timeoutMs; performance.now() < until; await delay(everyMs)) {
    const found = find()
    if (found) return found
  }
  throw new Error(`after ${timeoutMs} ms still waiting for ${what}`)
}
