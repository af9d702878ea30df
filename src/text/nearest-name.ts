/**
 * The likely intended name: the nearest by edit distance, `null` if none is near. At most three edits, and fewer than
 * half of the name.
 */
export function nearestName(text: string, names: readonly string[]): string | null {
  const [nearest] = names
    .map((name) => ({ name, edits: editDistance(text, name) }))
    .filter(({ name, edits }) => edits <= 3 && edits * 2 < name.length)
    .toSorted((a, b) => a.edits - b.edits)
  return nearest?.name ?? null
}

/**
 * Number of insertions, deletions, substitutions and transpositions: optimal string alignment, as in
 * https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance.
 */
function editDistance(a: string, b: string): number {
  // A large difference in length exceeds the limit.
  if (Math.abs(a.length - b.length) > 3) return Infinity
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = a[i - 1] === b[j - 1] ? 0 : 1
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? (beforeLast[j - 2] as number) + 1 : Infinity
      row[j] = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + changed, swapped)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] as number
}
