import { messageOf } from '../../src/base/errors.js'
import { createRandom } from '../store/random.js'
import { mutateInput } from './mutate-input.js'
import type { SourceCoverage } from './source-coverage.js'

const BATCH = 1000
/** Blocks of code that any input may run: some seconds of work. */
const MAX_INPUT_WORK = 1e9

export interface GuidedFuzz {
  readonly take: (input: Uint8Array) => void
  readonly corpus: readonly Uint8Array[]
  readonly batch?: number | undefined
  readonly inputs: number
  readonly seed: number
  readonly coverage: SourceCoverage
}

/** An input that the target should have taken otherwise. */
export interface Finding {
  readonly input: Uint8Array
  readonly error: unknown
}

export interface GuidedResult {
  readonly inputs: number
  /** Inputs that ran what no other had run. */
  readonly added: readonly Uint8Array[]
  readonly finding: Finding | null
}

/**
 * Feeds a target with inputs that are made of earlier ones. Those that run parts of the source for the first time are kept, and
 * made others of: so it finds its way into branches that no random input meets.
 */
export function fuzzGuided({ take, corpus, batch: size = BATCH, inputs, seed, coverage }: GuidedFuzz): GuidedResult {
  const random = createRandom(seed)
  const kept = corpus.length > 0 ? [...corpus] : [new Uint8Array()]
  const added: Uint8Array[] = []
  let done = 0
  let batch: readonly Uint8Array[] = kept
  const first = runAll(take, batch)
  if (first) return { inputs: 0, added, finding: first }
  // What is known already, or runs once alone, is no news.
  coverage.hasNew()
  const known = findCostly(take, batch, coverage)
  if (known) return { inputs: 0, added, finding: known }
  coverage.accept()
  while (done < inputs) {
    batch = Array.from({ length: Math.min(size, inputs - done) }, () => mutateInput(random, kept))
    const finding = runAll(take, batch)
    if (finding) return { inputs: done, added, finding }
    const hasNew = coverage.hasNew()
    const costly = findCostly(take, batch, coverage)
    if (costly) return { inputs: done, added, finding: costly }
    done += batch.length
    for (let isNew = hasNew; isNew; isNew = coverage.hasNew()) {
      const found = findNew(take, batch, coverage)
      if (found === null) {
        // What runs but now and then, as a part of V8's own doing, is no guide.
        runAll(take, batch)
        coverage.hasNew()
      }
      coverage.accept()
      if (found === null) break
      added.push(found)
      kept.push(found)
      runAll(take, batch)
    }
  }
  return { inputs: done, added, finding: null }
}

function runAll(take: (input: Uint8Array) => void, batch: readonly Uint8Array[]): Finding | null {
  for (const input of batch) {
    try {
      take(input)
    } catch (error) {
      return { input, error }
    }
  }
  return null
}

/** The first input of the batch that was just run that takes more work than any may. */
function findCostly(
  take: (input: Uint8Array) => void,
  batch: readonly Uint8Array[],
  coverage: SourceCoverage,
): Finding | null {
  if (coverage.work <= MAX_INPUT_WORK) return null
  for (const input of batch) {
    take(input)
    coverage.hasNew()
    if (coverage.work > MAX_INPUT_WORK) return { input, error: new Error(`it ran ${coverage.work} blocks of code`) }
  }
  // As it was before the search.
  runAll(take, batch)
  coverage.hasNew()
  return null
}

/** Halves the batch until one input is left that runs something new; `null` when what was new does not come again. */
function findNew(
  take: (input: Uint8Array) => void,
  batch: readonly Uint8Array[],
  coverage: SourceCoverage,
): Uint8Array | null {
  let suspects = batch
  while (suspects.length > 1) {
    const half = suspects.slice(0, suspects.length >> 1)
    runAll(take, half)
    suspects = coverage.hasNew() ? half : suspects.slice(half.length)
  }
  const [suspect] = suspects
  if (!suspect) return null
  runAll(take, [suspect])
  return coverage.hasNew() ? suspect : null
}

/** A finding in words, with what it takes to see it again. */
export function describeFinding({ input, error }: Finding): string {
  const stack = error instanceof Error ? error.stack : messageOf(error)
  return `input (base64): ${Buffer.from(input).toString('base64')}\n${stack}`
}
