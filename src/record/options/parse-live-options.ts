import { parseViewOptions, type RawViewOptions } from '../../view/view-options.js'
import { createUserNames } from '../host/user-names.js'
import type { LiveOptions } from '../live/live.js'
import { parseFilters, requireDuration, type RawFilters } from './parse-record-options.js'

/** What commander hands over for `live`. `--outcome` is a column, and a filter where it has values. */
export type RawLiveOptions = Omit<RawFilters, 'outcome'> & RawViewOptions & { readonly duration?: string }

/** @throws UsageError that names the option, the value and what is accepted */
export function parseLiveOptions(raw: RawLiveOptions): LiveOptions {
  const view = parseViewOptions(raw)
  const { outcome, ...others } = raw
  const filters = parseFilters(
    { ...others, ...(Array.isArray(outcome) ? { outcome: [...outcome] } : {}) },
    createUserNames,
  )
  return {
    view,
    filters: { ...filters, minLatencyNs: Math.max(filters.minLatencyNs, view.minLatencyNs) },
    durationNs: raw.duration === undefined ? null : requireDuration('--duration', raw.duration, 's'),
  }
}
