/** Like Map.groupBy, which Node 20 does not have. */
export function groupBy<One>(all: readonly One[], keyOf: (one: One) => string): Map<string, One[]> {
  const groups = new Map<string, One[]>()
  for (const one of all) {
    const key = keyOf(one)
    const group = groups.get(key) ?? []
    groups.set(key, group)
    group.push(one)
  }
  return groups
}
