import type { Value } from '../../result/result.js'
import type { Dimension } from '../../group/dimension.js'
import { DIMENSIONS } from '../../group/dimensions.js'
import { IS_FAILED } from '../../group/group-values.js'
import { createKeyNumbers, type KeyNumbers } from '../../group/intern-keys.js'
import { createPairNumbers, type PairNumbers } from '../../group/intern-pairs.js'
import { AT } from '../../scan/attempt-columns.js'
import { scanScope } from '../../scan/scan-rows.js'
import type { Scope } from '../../scan/scope.js'

/** A pair of process and endpoint, and the number of its attempts. */
export interface RepeatedConnects {
  readonly pair: number
  /** Key in the dimension of processes */
  readonly key: readonly Value[]
  /** Key of `DIMENSIONS.endpoint`: remote_address, remote_port */
  readonly endpoint: readonly Value[]
  readonly attempts: number
  readonly failed: number
}

/** All pairs of a process and an endpoint in a scope, by number. */
export interface ConnectPairs {
  readonly scope: Scope
  readonly processes: KeyNumbers
  readonly endpoints: KeyNumbers
  /** From the number of a process and the number of an endpoint */
  readonly numbers: PairNumbers
  readonly list: readonly RepeatedConnects[]
}

/**
 * Counts the attempts of each process to each endpoint.
 * @param minAttempts the list leaves out pairs with fewer attempts
 * @param dimension of processes
 */
export function countPairs(scope: Scope, minAttempts: number, dimension: Dimension): ConnectPairs {
  const processes = createKeyNumbers(dimension)
  const endpoints = createKeyNumbers(DIMENSIONS.endpoint)
  const numbers = createPairNumbers()
  let attempts = new Uint32Array(1024)
  let failed = new Uint32Array(1024)
  scanScope(scope, ['process_id', 'endpoint_id', 'outcome'], (part) => {
    const [processOf, endpointOf] = [processes.of(part), endpoints.of(part)]
    return {
      take(row) {
        const process = processOf(row[AT.process_id] as number)
        const pair = numbers.numberOf(process, endpointOf(row[AT.endpoint_id] as number))
        if (pair >= attempts.length) [attempts, failed] = [doubled(attempts), doubled(failed)]
        attempts[pair]!++
        if (IS_FAILED[row[AT.outcome] as number]) failed[pair]!++
      },
    }
  })
  const list: RepeatedConnects[] = []
  for (let pair = 0; pair < numbers.size; pair++) {
    const counts = { attempts: attempts[pair] as number, failed: failed[pair] as number }
    const [process, endpoint] = numbers.pairOf(pair)
    if (counts.attempts < minAttempts) continue
    list.push({ pair, key: processes.keyOf(process), endpoint: endpoints.keyOf(endpoint), ...counts })
  }
  return { scope, processes, endpoints, numbers, list }
}

function doubled(counts: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(counts.length * 2)
  larger.set(counts)
  return larger
}
