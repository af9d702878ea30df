import type { TcpconnError } from '../../base/errors.js'
import { startClock, startFile, type FileStart } from '../host/clock.js'
import type { UserNames } from '../host/user-names.js'
import { beginSession, type Session } from '../session/begin-session.js'
import { openOutput, type Output } from '../output/open-output.js'
import { createFileNames, MAX_SAME_SECOND, type FileNames } from '../retention/file-names.js'
import { applyRetention } from '../retention/retention.js'
import { isTaken } from '../output/locked-output.js'

type Parts = Pick<Session, 'options' | 'probe' | 'containers' | 'kernelCount' | 'limits'>

/**
 * Begins the first file, the only one without rotation. If the disk is full, a rotating recording first removes expired
 * files, and tries again.
 * @param report reports failures
 * @throws the errors of `openOutput` and `beginSession`
 */
export function beginFirst(parts: Parts, users: UserNames, report: (text: string) => void): Session {
  const { file, rotation } = parts.options
  if (rotation === null) return begin(parts, users, () => openOutput(file))
  const names = createFileNames(file, parts.options.host.name)
  const beginOwn = () => begin(parts, users, (start) => openNextFile(names, start))
  try {
    return beginOwn()
  } catch (error) {
    if ((error as TcpconnError).code !== 'E_DISK_FULL') throw error
    applyRetention({ names, keep: rotation.keep, report })
    return beginOwn()
  }
}

function begin(parts: Parts, users: UserNames, open: (start: FileStart) => Output): Session {
  const clock = startClock()
  const start = startFile(clock)
  return beginSession({ ...parts, output: open(start), clock, start }, users)
}

/**
 * Creates a file named after its start. An existing file of that name is never changed.
 * @throws the errors of `openOutput`
 */
export function openNextFile(names: FileNames, start: FileStart): Output {
  for (let count = 0; ; count++) {
    try {
      return openOutput(names.pathAt(start.unixNs, count), 'new')
    } catch (error) {
      if (!isTaken(error) || count + 1 >= MAX_SAME_SECOND) throw error
    }
  }
}
