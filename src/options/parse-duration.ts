const UNIT_NS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86400e9 }
/** 104 days. Larger ns values are not exact in a double. */
const MAX_NS = 2 ** 53

/**
 * Parses durations like `10m`, `1h30m`, `5ms` and `1.5s`. A number alone is in `bareUnit`.
 * @returns ns, `null` for other text
 */
export function parseDuration(text: string, bareUnit: 's' | 'ms' = 's'): number | null {
  const bare = /^\d+(\.\d+)?$/.test(text) ? text + bareUnit : text
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d))+$/.test(bare)) return null
  const parts = bare.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g)
  let total = 0
  for (const [, value, unit] of parts) total += Number(value) * (UNIT_NS[unit as string] as number)
  return total < MAX_NS ? Math.round(total) : null
}
