/** An integer with thousands separators: `1,234,567`. */
export function formatCount(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A count with its noun: `1 attempt`, `1,234 attempts`, `2 processes`. */
export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : noun.endsWith('s') ? 'es' : 's'}`
}

/** Bytes in decimal units: `12.3 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** A rate for people: `12.3/s`; below one per second per minute or hour, `2.50/min`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return '0/s'
  if (perSecond < 0) return `-${formatRate(-perSecond)}`
  if (perSecond >= 0.9995) return `${significant(perSecond)}/s`
  return perSecond * 60 >= 0.9995 ? `${significant(perSecond * 60)}/min` : `${significant(perSecond * 3600)}/h`
}

/** Three significant digits above 1, all integer digits above 1000. */
function significant(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : formatCount(Math.round(value))
}
