import { NO_RECORD_FILTERS, type RecordOptions } from '../../../src/record/options/record-options.js'
import { PLAIN_HOST } from '../../support/host-view.js'

/** The options of `record -q FILE`. */
export function quietOptions(file: string, durationNs: number | null = null): RecordOptions {
  return {
    file,
    durationNs,
    quiet: true,
    rotation: null,
    metrics: null,
    host: PLAIN_HOST,
    filters: NO_RECORD_FILTERS,
    command: [],
    dnsSource: null,
    dnsPorts: [53],
    localErrors: false,
    nat: false,
    commandLine: '',
  }
}
