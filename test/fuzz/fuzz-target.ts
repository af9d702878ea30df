import type { IRawProperty } from 'fast-check'

/** Code of tcpconn that reads untrusted data. */
export interface FuzzTarget {
  readonly name: string
  /** Initial inputs, in addition to those of test/fuzz/corpus. */
  readonly seeds: readonly Uint8Array[]
  /** Inputs between two readings of the coverage, which cost as much as many inputs: 1,000 by default. */
  readonly batch?: number
  /** Takes any bytes. Throws if it detects a fault: that is a finding. */
  readonly take: (input: Uint8Array) => void
  /** A property of valid values; `null` if `take` checks everything. */
  readonly property: IRawProperty<unknown> | null
}

/** A rule that no input may break. */
export class BrokenRule extends Error {}

/** Throws if a condition of a target does not hold. */
export function require(condition: boolean, finding: () => string): asserts condition {
  if (!condition) throw new BrokenRule(finding())
}

/** The text of an input; any bytes are valid. */
export function textOf(input: Uint8Array): string {
  return Buffer.from(input.buffer, input.byteOffset, input.length).toString('utf8')
}

/** The inverse, for initial inputs. */
export function bytesOf(texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => new TextEncoder().encode(text))
}
