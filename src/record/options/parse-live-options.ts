import { parseViewOptions, type RawViewOptions } from '../../view/view-options.js'
import { createUserNames } from '../host/user-names.js'
import { UsageError } from '../../errors.js'
import type { LiveOptions } from '../live/live.js'
import type { RecordOptions } from './record-options.js'
import { parseExtras, parseFilters, requireDuration, type RawExtras, type RawFilters } from './parse-record-options.js'

/** What commander hands over for `live`. `--outcome` is a column, and a filter where it has values. */
export type RawLiveOptions = Omit<RawFilters, 'outcome'> &
  Omit<RawViewOptions, 'dns'> &
  RawExtras & { readonly duration?: string; readonly output?: string }

/** @throws UsageError that names the option, the value and what is accepted */
export function parseLiveOptions(raw: RawLiveOptions): LiveOptions {
  const { dnsSource, localErrors } = parseExtras(raw)
  const view = parseViewOptions({ ...raw, dns: dnsSource !== null })
  const { outcome, ...others } = raw
  const filters = parseFilters(
    { ...others, ...(Array.isArray(outcome) ? { outcome: [...outcome] } : {}) },
    createUserNames,
  )
  return {
    view,
    filters: { ...filters, minLatencyNs: Math.max(filters.minLatencyNs, view.minLatencyNs) },
    durationNs: raw.duration === undefined ? null : requireDuration('--duration', raw.duration, 's'),
    dnsSource,
    localErrors,
  }
}

/** What `-o FILE` records beside the view: what the view's filters leave. @returns `null` without it */
export function parseRecordingOptions(
  { output }: RawLiveOptions,
  { filters, durationNs, dnsSource, localErrors }: LiveOptions,
  commandLine: string,
): RecordOptions | null {
  if (output === undefined) return null
  if (output === '' || output === '-') throw new UsageError('--output', output, 'a trace file, like tcpconn.db')
  return {
    file: output,
    durationNs,
    quiet: false,
    rotation: null,
    filters,
    command: [],
    dnsSource,
    localErrors,
    commandLine,
  }
}
