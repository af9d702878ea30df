import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Call before exit. At exit Node waits for its compiler threads, and V8 may let such a thread wait for a garbage
 * collection that the main thread no longer runs: the process then hangs forever, in about one of several hundred runs
 * on a busy machine (https://github.com/nodejs/node/issues/54918, Node 20 to 24). Collecting garbage first avoids the
 * wait.
 */
export function avoidExitHang(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
