import { nameEndpoint } from '../../attempt/address.js'
import { describeErrno } from '../../attempt/errno-name.js'
import { formatDuration } from '../../text/format-duration.js'
import { formatCount } from '../../text/format-number.js'
import { formatClock } from '../../text/format-time.js'
import { safeText } from '../../text/safe-text.js'
import { NO_NAME } from '../window/window-entities.js'
import { nameCell, plain, type Line } from './line.js'
import type { RowAttempt, RowContents, RowFailure } from '../window/row-attempts.js'

const OUTCOME = 11
const ERRNO = 13
/** `10:00:05.123Z` */
const CLOCK = 13
const PROCESS = 24
const ENDPOINT = 21

/** The failures of a row, then its latest attempts. */
export function renderOpened({ failures, latest }: RowContents): Line[] {
  return [
    plain('FAILURES'),
    ...(failures.length === 0
      ? [plain('none')]
      : [
          plain(
            `${'COUNT'.padStart(7)} ${'OUTCOME'.padEnd(OUTCOME)} ${'ERRNO'.padEnd(ERRNO)} ${'LAST'.padEnd(CLOCK)} MEANING`,
            'heading',
          ),
          ...failures.map(failureLine),
        ]),
    plain(''),
    plain('LATEST ATTEMPTS'),
    plain(
      `${'STARTED'.padEnd(CLOCK)} ${'LATENCY'.padStart(7)} ${'OUTCOME'.padEnd(OUTCOME)} ${'RETR'.padStart(4)} ${'PROCESS'.padEnd(PROCESS)} ${'ENDPOINT'.padEnd(ENDPOINT)} DNS NAME`,
      'heading',
    ),
    ...latest.map(attemptLine),
  ]
}

function failureLine({ count, outcome, errno, lastUnixNs }: RowFailure): Line {
  const error = describeErrno(errno || null)
  const cells = [
    formatCount(count).padStart(7),
    outcome.padEnd(OUTCOME),
    (error?.name ?? '-').padEnd(ERRNO),
    clock(lastUnixNs),
    error?.meaning ?? '',
  ]
  return [{ text: cells.join(' ').trimEnd(), style: 'failure' }]
}

function attemptLine({ unixNs, latencyNs, outcome, synRetransmits, process, endpoint, name }: RowAttempt): Line {
  const cells = [
    clock(unixNs),
    formatDuration(latencyNs).padStart(7),
    outcome.padEnd(OUTCOME),
    String(synRetransmits).padStart(4),
    nameCell(process === null ? 'other' : `${process.pid ?? '-'} ${process.comm ?? ''}`, PROCESS),
    nameCell(endpoint === null ? 'other' : nameEndpoint(endpoint.remoteAddress, String(endpoint.remotePort)), ENDPOINT),
    name === null || name === NO_NAME ? '-' : safeText(name || '.'),
  ]
  return plain(cells.join(' '))
}

function clock(unixNs: number): string {
  return formatClock(BigInt(Math.round(unixNs)), 3)
}
