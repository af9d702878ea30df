import type { SessionClock } from '../host/clock.js'
import { openOutput, type Output } from '../session/open-output.js'
import { isTaken } from '../session/output-file.js'
import { MAX_SAME_SECOND, type FileNames } from './file-names.js'

/**
 * Makes a file with the name of the moment at which `clock` was started. What has the name already, whatever it is, stays as
 * it is.
 * @throws the errors of `openOutput`
 */
export function openNextFile(names: FileNames, clock: SessionClock): Output {
  for (let count = 0; ; count++) {
    try {
      return openOutput(names.pathAt(clock.startedUnixNs, count), 'new')
    } catch (error) {
      if (!isTaken(error) || count + 1 >= MAX_SAME_SECOND) throw error
    }
  }
}
