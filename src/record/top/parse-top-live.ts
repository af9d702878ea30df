import { UsageError } from '../../base/errors.js'
import { requireDuration } from '../../options/filters.js'
import {
  parseExtras,
  parseHost,
  parseRecordFilters,
  type RawExtras,
  type RawRecordFilters,
} from '../options/parse-record-options.js'
import type { RecordOptions } from '../options/record-options.js'

/** What `top` shows of this host. */
export type TopLiveOptions = Pick<
  RecordOptions,
  'filters' | 'host' | 'durationNs' | 'dnsSource' | 'dnsPorts' | 'localErrors' | 'nat'
>

/** As typed. */
export interface RawTopLive extends RawRecordFilters, RawExtras {
  readonly duration?: string
  readonly output?: string
  readonly once?: boolean
  readonly by?: string
}

/** Time of --once without --duration: one refresh. */
const ONCE_NS = 1e9

/** `--by dns` reads names. @throws UsageError */
export function parseTopLive(raw: RawTopLive): TopLiveOptions {
  const host = parseHost(raw)
  const extras = parseExtras(raw.by === 'dns' ? { dns: true, ...raw } : raw)
  const whenUnasked = raw.once ? ONCE_NS : null
  return {
    host,
    filters: parseRecordFilters(raw, host),
    durationNs: raw.duration === undefined ? whenUnasked : requireDuration('--duration', raw.duration, 's'),
    ...extras,
  }
}

/** The recording of `-o FILE`, with the same filters. @returns `null` without it */
export function parseTopRecording(
  { output }: RawTopLive,
  options: TopLiveOptions,
  commandLine: string,
): RecordOptions | null {
  if (output === undefined) return null
  if (output === '' || output === '-') throw new UsageError('--output', output, 'a trace file, like tcpconn.db')
  return { ...options, file: output, quiet: false, rotation: null, metrics: null, command: [], commandLine }
}
