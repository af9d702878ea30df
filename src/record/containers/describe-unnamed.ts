import { formatPlural } from '../../text/format-number.js'
import type { ReaderState } from './reader-protocol.js'

/** Names of containers that a recording lacks. */
export interface UnnamedContainers {
  /** Containers of this file without a name */
  readonly count: number
  /** State of the process that reads names, at the end */
  readonly reader: ReaderState
}

/** A line for a reader that stopped. */
const STOPPED: Readonly<Record<ReaderState, readonly string[]>> = {
  running: [],
  ended: ['the process that reads names of containers ended early: later containers have no names'],
  hung: ['the process that reads names of containers did not answer in 10 s: a file system may hang'],
}

/** A line if names are missing because the process that reads them stopped, for good. */
export function describeReader(state: ReaderState): readonly string[] {
  return STOPPED[state]
}

/** A line for each reason, known only at the end. */
export function describeUnnamed({ count, reader }: UnnamedContainers): string[] {
  const reason = reader === 'running' ? ': no readable file of a runtime, and no log of kubelet, names it' : ''
  return [
    ...describeReader(reader),
    ...(count > 0 ? [`${formatPlural(count, 'container')} without a name${reason}`] : []),
  ]
}
