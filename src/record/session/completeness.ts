/** The kernel's own count of attempts beside ours. */
export interface Completeness {
  /** Growth of TcpActiveOpens: between these two, since counter and probe cannot be read in one step. */
  readonly kernelMin: number
  readonly kernelMax: number
  /** Recorded attempts of the namespaces whose counter could be read. */
  readonly comparable: number
  /** Recorded attempts of namespaces that came or went meanwhile, or were not to be seen. */
  readonly uncomparable: number
}

/** TcpActiveOpens by the inode number of the network namespace, read around the moment at which recording began or ended. */
export interface CounterReading {
  readonly before: ReadonlyMap<number, number>
  readonly after: ReadonlyMap<number, number>
}

/** The counters as if attempts were counted when they are recorded: without those that began before and are recorded after. */
export function withoutCarried(reading: CounterReading, carried: ReadonlyMap<number, number>): CounterReading {
  const subtract = (counts: ReadonlyMap<number, number>) =>
    new Map([...counts].map(([netns, count]) => [netns, count - (carried.get(netns) ?? 0)]))
  return { before: subtract(reading.before), after: subtract(reading.after) }
}

/**
 * Sums up the growth of the counters that were read at both ends. The kernel gives the numbers of a namespace that is gone
 * to the next one at once, so only namespaces that were there all the time can be compared.
 * @param attemptsByNetns recorded attempts that the kernel counts
 */
export function compareWithKernel(
  start: CounterReading,
  end: CounterReading,
  attemptsByNetns: ReadonlyMap<number, number>,
): Completeness {
  let [kernelMin, kernelMax, comparable, uncomparable] = [0, 0, 0, 0]
  const counts = (reading: ReadonlyMap<number, number>, netns: number) => reading.get(netns) as number
  const covered = [...end.after.keys()].filter((netns) =>
    [start.before, start.after, end.before].every((r) => r.has(netns)),
  )
  for (const netns of covered) {
    kernelMax += counts(end.after, netns) - counts(start.before, netns)
    kernelMin += counts(end.before, netns) - counts(start.after, netns)
  }
  for (const [netns, attempts] of attemptsByNetns) {
    if (covered.includes(netns)) comparable += attempts
    else uncomparable += attempts
  }
  return { kernelMin, kernelMax, comparable, uncomparable }
}
