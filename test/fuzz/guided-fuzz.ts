import { messageOf } from '../../src/base/errors.js'
import { createRandom } from '../store/random.js'
import { mutateInput } from './mutate-input.js'
import type { SourceCoverage } from './source-coverage.js'

const BATCH = 1000
/** Maximum number of executed blocks of code per input: some seconds of work. */
const MAX_INPUT_WORK = 1e9

export interface GuidedFuzz {
  readonly take: (input: Uint8Array) => void
  readonly corpus: readonly Uint8Array[]
  readonly batch?: number | undefined
  readonly inputs: number
  readonly seed: number
  readonly coverage: SourceCoverage
}

/** An input that revealed a fault of the target. */
export interface Finding {
  readonly input: Uint8Array
  readonly error: unknown
}

export interface GuidedResult {
  readonly inputs: number
  /** Inputs that executed blocks which no earlier input executed. */
  readonly added: readonly Uint8Array[]
  readonly finding: Finding | null
}

/**
 * Feeds a target with mutations of earlier inputs. Inputs that execute parts of the source for the first time are kept
 * and mutated. In this way it reaches branches that random inputs do not reach.
 */
export function fuzzGuided({ take, corpus, batch: size = BATCH, inputs, seed, coverage }: GuidedFuzz): GuidedResult {
  const random = createRandom(seed)
  const kept = corpus.length > 0 ? [...corpus] : [new Uint8Array()]
  const added: Uint8Array[] = []
  let done = 0
  let batch: readonly Uint8Array[] = kept
  const first = runAll(take, batch)
  if (first) return { inputs: 0, added, finding: first }
  // Coverage of the initial inputs, and of code that runs only once, is not new.
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
        // Ignores blocks that run only sometimes, for example because of V8 itself.
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

/** The first input of the last batch that exceeds the limit of work. */
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
  // Restores the state before the search.
  runAll(take, batch)
  coverage.hasNew()
  return null
}

/** Halves the batch until one input with new coverage is left; `null` if the new coverage is not reproducible. */
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

/** Describes a finding, and how to reproduce it. */
export function describeFinding({ input, error }: Finding): string {
  const stack = error instanceof Error ? error.stack : messageOf(error)
  return `input (base64): ${Buffer.from(input).toString('base64')}\n${stack}`
}
