import { NO_FILTERS } from '../../../src/record/options/record-filters.js'
import type { RecordOptions } from '../../../src/record/options/record-options.js'

/** What `record -q FILE` asks for, without a word more. */
export function quietOptions(file: string, durationNs: number | null = null): RecordOptions {
  return {
    file,
    durationNs,
    quiet: true,
    rotation: null,
    filters: NO_FILTERS,
    command: [],
    dnsSource: null,
    localErrors: false,
    commandLine: '',
  }
}
