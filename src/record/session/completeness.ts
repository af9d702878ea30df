/** The kernel's own count of attempts beside ours. */
export interface Completeness {
  /** Growth of TcpActiveOpens: between these two, since counter and probe cannot be read in one step. */
  readonly kernelMin: number
  readonly kernelMax: number
  /** Recorded attempts of the namespaces whose counter could be read. */
  readonly comparable: number
  /** Recorded attempts of namespaces that were gone at the end, or not to be seen. */
  readonly uncomparable: number
}

/** TcpActiveOpens by namespace, read around the moment at which recording began or ended. */
export interface CounterReading {
  readonly before: ReadonlyMap<number, number>
  readonly after: ReadonlyMap<number, number>
}

/**
 * Sums up the growth of the counters that can be read at the end. One that was not there at the beginning belongs to a
 * namespace made meanwhile, and counts from 0.
 * @param attemptsByKey recorded attempts by namespace key; `null` stands for namespaces whose key is unknown
 */
export function compareWithKernel(
  start: CounterReading,
  end: CounterReading,
  attemptsByKey: ReadonlyMap<number | null, number>,
): Completeness {
  let [kernelMin, kernelMax, comparable, uncomparable] = [0, 0, 0, 0]
  for (const [key, last] of end.after) {
    kernelMax += last - (start.before.get(key) ?? 0)
    kernelMin += (end.before.get(key) ?? last) - (start.after.get(key) ?? 0)
  }
  for (const [key, attempts] of attemptsByKey) {
    if (key !== null && end.after.has(key)) comparable += attempts
    else uncomparable += attempts
  }
  return { kernelMin, kernelMax, comparable, uncomparable }
}
