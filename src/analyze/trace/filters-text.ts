/** Filters of a session's row, `port 80, 443; comm curl`; what is no JSON of ours as it stands. */
export function describeFilters(json: string): string {
  try {
    const entries = Object.entries(JSON.parse(json) as Record<string, unknown>)
    return entries.map(([name, value]) => `${name} ${[value].flat().map(String).join(', ')}`).join('; ')
  } catch {
    return json
  }
}
