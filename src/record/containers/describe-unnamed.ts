import { formatPlural } from '../../text/format-number.js'
import { safeText } from '../../text/safe-text.js'
import type { ReaderHealth, ReaderState } from './reader-protocol.js'

/** Names of containers that a recording lacks. */
export interface UnnamedContainers {
  /** Containers of this file without a name */
  readonly count: number
  /** The process that reads names, at the end */
  readonly reader: ReaderHealth
}

/** A line for a reader that stopped. */
const STOPPED: Readonly<Record<ReaderState, readonly string[]>> = {
  running: [],
  ended: ['the process that reads names of containers ended early: later containers have no names'],
  hung: ['the process that reads names of containers did not answer in 10 s: a file system may hang'],
}
const SILENT =
  'the process that reads names of containers did not check their addresses for 5 s or longer: a file system may hang; until it answers, remote_container and remote_pod are missing'

/** Lines if names or addresses are missing because the process that reads them stopped, or found a file that is too large. */
export function describeReader({ state, wasSilent, tooLarge }: ReaderHealth): readonly string[] {
  return [...STOPPED[state], ...(wasSilent ? [SILENT] : []), ...describeTooLarge(tooLarge)]
}

function describeTooLarge(paths: readonly string[]): string[] {
  const [first] = paths
  if (first === undefined) return []
  const files = `${formatPlural(paths.length, 'file')} with addresses of containers`
  return [`too large to be read: ${files}, like ${safeText(first)}; remote_container and remote_pod may be missing`]
}

/** A line for each reason, known only at the end. */
export function describeUnnamed({ count, reader }: UnnamedContainers): string[] {
  const reason = reader.state === 'running' ? ': no readable file of a runtime, and no log of kubelet, names it' : ''
  return [
    ...describeReader(reader),
    ...(count > 0 ? [`${formatPlural(count, 'container')} without a name${reason}`] : []),
  ]
}
