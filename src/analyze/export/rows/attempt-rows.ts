/** Attempts of one part as columns of numbers. Arrays may be longer than `count` and are reused. */
export interface AttemptRows {
  count: number
  /** Position of the part in the scope */
  part: number
  readonly attemptId: Float64Array
  /** ns since the session began */
  readonly startedNs: Float64Array
  /** Unix ns as pairs of 32-bit halves, the lower one first */
  readonly unixNs: Int32Array
  readonly latencyNs: Int32Array
  readonly isPending: Uint8Array
  readonly outcome: Int32Array
  /** Codes, -1 for NULL */
  readonly errno: Int32Array
  readonly synRetransmits: Int32Array
  readonly tid: Int32Array
  readonly localPort: Int32Array
  /** Numbers of entities; -1: no DNS name */
  readonly process: Int32Array
  readonly endpoint: Int32Array
  readonly localAddress: Int32Array
  readonly dnsName: Int32Array
  readonly dnsAgeNs: BigInt64Array
  readonly hasNoDnsAge: Uint8Array
  readonly dnsLookupNs: BigInt64Array
  readonly hasNoDnsLookup: Uint8Array
  /** Codes, -1 for NULL */
  readonly dnsCandidates: Int32Array
  /** Numbers of other endpoints, -1 for none */
  readonly natEndpoint: Int32Array
  readonly serviceEndpoint: Int32Array
  /** Empty unless they are needed */
  readonly flags: Int32Array
  /** Numbers of owners of the destination, -1 for none */
  readonly remoteOwner: Int32Array
}

/** @param hasFlags whether `flags` is needed */
export function createAttemptRows(capacity: number, hasFlags = false): AttemptRows {
  const codes = () => new Int32Array(capacity)
  return {
    count: 0,
    part: 0,
    attemptId: new Float64Array(capacity),
    startedNs: new Float64Array(capacity),
    unixNs: new Int32Array(capacity * 2),
    latencyNs: new Int32Array(capacity * 2),
    isPending: new Uint8Array(capacity),
    outcome: codes(),
    errno: codes(),
    synRetransmits: codes(),
    tid: codes(),
    localPort: codes(),
    process: codes(),
    endpoint: codes(),
    localAddress: codes(),
    dnsName: codes(),
    dnsAgeNs: new BigInt64Array(capacity),
    hasNoDnsAge: new Uint8Array(capacity),
    dnsLookupNs: new BigInt64Array(capacity),
    hasNoDnsLookup: new Uint8Array(capacity),
    dnsCandidates: codes(),
    natEndpoint: codes(),
    serviceEndpoint: codes(),
    flags: new Int32Array(hasFlags ? capacity : 0),
    remoteOwner: codes(),
  }
}

/** Capacity in attempts. */
export function capacityOf(rows: AttemptRows): number {
  return rows.attemptId.length
}

/** Copies rows to the start of `target`. */
export function copyRows(source: AttemptRows, positions: readonly number[], target: AttemptRows): void {
  target.count = positions.length
  target.part = source.part
  for (const name of SINGLE) copy(source[name], target[name], positions)
  for (const name of PAIRS) copyPairs(source[name], target[name], positions)
}

const SINGLE = [
  'attemptId',
  'startedNs',
  'isPending',
  'outcome',
  'errno',
  'synRetransmits',
  'tid',
  'localPort',
  'process',
  'endpoint',
  'localAddress',
  'dnsName',
  'dnsAgeNs',
  'hasNoDnsAge',
  'dnsLookupNs',
  'hasNoDnsLookup',
  'dnsCandidates',
  'natEndpoint',
  'serviceEndpoint',
  'flags',
  'remoteOwner',
] as const
const PAIRS = ['unixNs', 'latencyNs'] as const

function copy<T extends { [position: number]: unknown }>(source: T, target: T, positions: readonly number[]): void {
  const from = source as unknown as Float64Array
  const to = target as unknown as Float64Array
  for (let i = 0; i < positions.length; i++) to[i] = from[positions[i] as number] as number
}

function copyPairs(source: Int32Array, target: Int32Array, positions: readonly number[]): void {
  for (let i = 0; i < positions.length; i++) {
    const at = (positions[i] as number) * 2
    target[2 * i] = source[at] as number
    target[2 * i + 1] = source[at + 1] as number
  }
}
