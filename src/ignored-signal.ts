import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

/** Whether this process was started with a signal ignored, as nohup(1) does. A listener would undo that. */
export function isIgnored(signal: NodeJS.Signals, status = readFileSync('/proc/self/status', 'utf8')): boolean {
  const mask = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`)
  return (mask >> BigInt(constants.signals[signal] - 1)) % 2n === 1n
}
