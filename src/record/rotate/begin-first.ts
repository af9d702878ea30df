import type { TcpconnError } from '../../errors.js'
import { startClock } from '../host/clock.js'
import type { UserNames } from '../host/user-names.js'
import { beginSession, type Session } from '../session/begin-session.js'
import { openOutput, type Output } from '../session/open-output.js'
import { createFileNames } from './file-names.js'
import { openNextFile } from './open-next-file.js'
import { tidyNow } from './tidy-files.js'

type Parts = Pick<Session, 'options' | 'probe' | 'kernelCount'>

/**
 * Begins with the first file, which is the only one if the recording does not rotate. If it does and the disk is full, what is
 * to be kept no longer goes first: it may be what takes the room.
 * @param tell says what could not be done
 * @throws the errors of `openOutput` and `beginSession`
 */
export function beginFirst(parts: Parts, users: UserNames, tell: (text: string) => void): Session {
  const { file, rotation } = parts.options
  if (rotation === null) return begin(parts, users, () => openOutput(file))
  const names = createFileNames(file)
  const beginOwn = () => begin(parts, users, (clock) => openNextFile(names, clock))
  try {
    return beginOwn()
  } catch (error) {
    if ((error as TcpconnError).code !== 'E_DISK_FULL') throw error
    tidyNow({ names, keep: rotation.keep, tell })
    return beginOwn()
  }
}

function begin(parts: Parts, users: UserNames, open: (clock: Session['clock']) => Output): Session {
  const clock = startClock()
  return beginSession({ ...parts, output: open(clock), clock }, users)
}
