/**
 * `session.filters` of a recording of the whole host. Otherwise it is a JSON object by option name, like
 * {"port":[443]}.
 */
export const NO_RECORDED_FILTERS = '{}'

export function recordedWholeHost(filters: string): boolean {
  return filters === NO_RECORDED_FILTERS
}

/** Text for people: `port 443; comm curl`. Invalid JSON, as in an untrusted file, is returned unchanged. */
export function describeRecordedFilters(filters: string): string {
  try {
    const entries = Object.entries(JSON.parse(filters) as Record<string, unknown>)
    return entries.map(([name, value]) => `${name} ${[value].flat().map(String).join(', ')}`).join('; ')
  } catch {
    return filters
  }
}
