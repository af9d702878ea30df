import { NO_RECORDED_FILTERS } from '../../attempt/recorded-filters.js'

const FILTER_NAMES =
  'pid uid port comm dst outcome cgroup container pod namespace command family min_latency_ns cgroupmap mntnsmap dropped share'.split(
    ' ',
  )

/** `session.filters` without values. That a session has filters stays, and which: without that its completeness would be wrong. */
export function dropFilterValues(json: string): string {
  if (json === NO_RECORDED_FILTERS) return json
  const filters = parseFilters(json)
  const names = [...Object.keys(filters).filter((name) => name !== 'dropped'), ...droppedNames(filters)]
  return JSON.stringify({ dropped: names.filter((name) => FILTER_NAMES.includes(name)) })
}

/** `session.filters` of a session of which a part is shared. */
export function addShareFilter(json: string): string {
  const filters = parseFilters(json)
  return JSON.stringify({ ...filters, dropped: [...new Set([...droppedNames(filters), 'share'])] })
}

/** Without any filter, if it is not an object: others may have written the file. */
function parseFilters(json: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(json)
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    return isObject ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function droppedNames({ dropped }: Readonly<Record<string, unknown>>): string[] {
  return Array.isArray(dropped) ? dropped.map(String) : []
}
