import { parseViewOptions, type RawViewOptions } from '../../view/view-options.js'
import { requireDuration } from '../../options/filters.js'
import { UsageError } from '../../base/errors.js'
import type { LiveOptions } from './live.js'
import type { RecordOptions } from '../options/record-options.js'
import {
  parseExtras,
  parseRecordFilters,
  parseHost,
  type RawExtras,
  type RawRecordFilters,
} from '../options/parse-record-options.js'

/** Options of `live` from commander. `--outcome` is a column, and with values a filter; `--container` is a column. */
export type RawLiveOptions = Omit<RawRecordFilters, 'outcome' | 'container'> &
  Omit<RawViewOptions, 'dns'> &
  RawExtras & { readonly duration?: string; readonly output?: string }

/** @throws UsageError with the option, the value and the accepted values */
export function parseLiveOptions(raw: RawLiveOptions): LiveOptions {
  const extras = parseExtras(raw)
  const host = parseHost(raw)
  const view = parseViewOptions({ ...raw, dns: extras.dnsSource !== null })
  const { outcome, container: _, ...others } = raw
  const filters = parseRecordFilters({ ...others, ...(Array.isArray(outcome) ? { outcome: [...outcome] } : {}) }, host)
  return {
    view,
    host,
    filters: { ...filters, minLatencyNs: Math.max(filters.minLatencyNs, view.minLatencyNs) },
    durationNs: raw.duration === undefined ? null : requireDuration('--duration', raw.duration, 's'),
    ...extras,
  }
}

/** The recording of `-o FILE`, with the filters of the view. @returns `null` without it */
export function parseRecordingOptions(
  { output }: RawLiveOptions,
  { host, filters, durationNs, dnsSource, dnsPorts, localErrors, nat }: LiveOptions,
  commandLine: string,
): RecordOptions | null {
  if (output === undefined) return null
  if (output === '' || output === '-') throw new UsageError('--output', output, 'a trace file, like tcpconn.db')
  return {
    file: output,
    durationNs,
    quiet: false,
    rotation: null,
    metrics: null,
    host,
    filters,
    command: [],
    dnsSource,
    dnsPorts,
    localErrors,
    nat,
    commandLine,
  }
}
