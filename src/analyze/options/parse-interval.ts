import { UsageError } from '../../errors.js'
import { parseDuration } from '../../options/parse-duration.js'

/**
 * What `--interval` says, in whole seconds: attempts are summed up by the second.
 * @throws UsageError
 */
export function parseInterval(text: string): number {
  const seconds = (parseDuration(text) ?? 0) / 1e9
  if (seconds > 0 && Number.isInteger(seconds)) return seconds
  throw new UsageError('--interval', text, 'a duration of whole seconds like 30s, 5m or 1h')
}
