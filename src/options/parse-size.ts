const UNIT_BYTES: Record<string, number> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/** Parses sizes like `500MB` and `1.5GiB`. @returns bytes, `null` for other text */
export function parseSize(text: string): number | null {
  const [, value, unit = ''] = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text) ?? []
  const unitBytes = Object.hasOwn(UNIT_BYTES, unit) ? UNIT_BYTES[unit] : undefined
  if (value === undefined || unitBytes === undefined) return null
  const bytes = Math.round(Number(value) * unitBytes)
  return Number.isSafeInteger(bytes) ? bytes : null
}
