/** The kernel's count of attempts, for comparison with the recorded ones. */
export interface Completeness {
  /** Growth of TcpActiveOpens as a range, because counter and probe cannot be read atomically. */
  readonly kernelMin: number
  readonly kernelMax: number
  /** Recorded attempts of namespaces with a readable counter. */
  readonly comparable: number
  /** Recorded attempts of namespaces that appeared, disappeared or were not visible. */
  readonly uncomparable: number
}

/** TcpActiveOpens by inode number of the network namespace, read before and after the start or end of a recording. */
export interface CounterReading {
  readonly before: ReadonlyMap<number, number>
  readonly after: ReadonlyMap<number, number>
}

/** Counters adjusted to the time of recording: without attempts that began before and are recorded later. */
export function withoutInFlight(reading: CounterReading, inFlight: ReadonlyMap<number, number>): CounterReading {
  const subtract = (counts: ReadonlyMap<number, number>) =>
    new Map([...counts].map(([netns, count]) => [netns, count - (inFlight.get(netns) ?? 0)]))
  return { before: subtract(reading.before), after: subtract(reading.after) }
}

/**
 * Adds the growth of counters that were read at both ends. The kernel reuses the inode number of a namespace at once,
 * so only namespaces that existed all the time can be compared.
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
