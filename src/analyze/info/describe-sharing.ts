/** One share of a session, as `session.sharing` has it. */
interface Share {
  readonly level?: unknown
  readonly keep?: unknown
  readonly drop?: unknown
  readonly is_reduced?: unknown
}

/** What `tcpconn share` replaced, a line for each time; `null` for a session with its names. */
export function describeSharing(json: string | null): string[] {
  if (json === null) return []
  const shares = parseShares(json)
  return shares.map((share, i) => {
    const parts = [
      `level ${typeof share.level === 'string' ? share.level : 'unknown'}`,
      ...describeFields('kept', share.keep),
      ...describeFields('dropped', share.drop),
      ...(share.is_reduced === true ? ['a part of the attempts'] : []),
    ]
    return `${i === 0 ? 'pseudonymised' : 'pseudonymised again'}: ${parts.join(', ')}`
  })
}

function describeFields(verb: string, fields: unknown): string[] {
  return Array.isArray(fields) && fields.length > 0 ? [`${fields.map(String).join(' and ')} ${verb}`] : []
}

function parseShares(json: string): Share[] {
  try {
    const parsed: unknown = JSON.parse(json)
    if (Array.isArray(parsed)) return parsed.map((share) => (typeof share === 'object' && share !== null ? share : {}))
  } catch {
    // As what is no list: shared, but not known how.
  }
  return [{}]
}
