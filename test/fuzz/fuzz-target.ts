import type { IRawProperty } from 'fast-check'

/** Code of ours that takes what a stranger made. */
export interface FuzzTarget {
  readonly name: string
  /** Inputs to begin with, besides those of test/fuzz/corpus. */
  readonly seeds: readonly Uint8Array[]
  /** Inputs between two looks at what was run, which take as long as many of them: 1,000 by default. */
  readonly batch?: number
  /** Takes any bytes. Throws for whatever it must not do: that is a finding. */
  readonly take: (input: Uint8Array) => void
  /** What holds for made-up values of the right form; `null` where `take` says all. */
  readonly property: IRawProperty<unknown> | null
}

/** What must not be, whatever the input. */
export class BrokenRule extends Error {}

/** What a check of a target does not accept. */
export function require(condition: boolean, finding: () => string): asserts condition {
  if (!condition) throw new BrokenRule(finding())
}

/** Text of an input: any bytes make some. */
export function textOf(input: Uint8Array): string {
  return Buffer.from(input.buffer, input.byteOffset, input.length).toString('utf8')
}

/** The other way round, for inputs to begin with. */
export function bytesOf(texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => new TextEncoder().encode(text))
}
