import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * To be called when all is done. At its end Node waits for the threads that optimize code, and V8 lets such a thread wait for
 * a garbage collection that the main thread no longer makes: the process would hang for good, once in some hundred runs on a
 * busy machine (https://github.com/nodejs/node/issues/54918, Node 20 to 24). After a collection there is room enough.
 */
export function settleHeap(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
