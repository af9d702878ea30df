/**
 * Feeds random inputs to code that reads untrusted data, until there is a finding or the number of inputs is reached:
 *
 *   script/fuzz [--inputs N] [--seed S] [--keep] [TARGET…]
 *
 * Each target gets N coverage-guided inputs, and N valid values that must satisfy a property.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as fc from 'fast-check'
import { describeFinding, fuzzGuided } from './guided-fuzz.js'
import { startCounting, watchCoverage } from './source-coverage.js'
const CORPUS = 'test/fuzz/corpus'

/** In a bundle of its own, so that code of the fuzzer does not count as new coverage. */
const counting = startCounting()
const { TARGETS } = await import('./targets.js')
const isTarget = (url: string) => url.includes('/targets')

interface FuzzOptions {
  readonly inputs: number
  readonly seed: number
  /** Whether inputs with new coverage are added to the corpus */
  readonly keep: boolean
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { inputs: { type: 'string' }, seed: { type: 'string' }, keep: { type: 'boolean' } },
})
const options: FuzzOptions = {
  inputs: readCount('--inputs', values.inputs ?? '1000000'),
  seed: readCount('--seed', values.seed ?? String(Date.now() % 2 ** 31)),
  keep: values.keep ?? false,
}
const unknown = positionals.find((name) => !(name in TARGETS))
if (unknown !== undefined) fail(`no such target: ${unknown}; there are ${Object.keys(TARGETS).join(', ')}`)
print(`seed ${options.seed}`)
for (const name of positionals.length > 0 ? positionals : Object.keys(TARGETS)) fuzz(name, options)

function fuzz(name: string, { inputs, seed, keep }: FuzzOptions): void {
  const target = (TARGETS[name] as (typeof TARGETS)[string])()
  const repeat = `again: script/fuzz --inputs ${inputs} --seed ${seed} ${name}`
  const startMs = performance.now()
  const { take, batch, seeds, property } = target
  const coverage = watchCoverage(counting, isTarget)
  const result = fuzzGuided({ take, batch, corpus: [...seeds, ...readCorpus(name)], inputs, seed, coverage })
  if (result.finding) fail(`${name}: ${describeFinding(result.finding)}\n${repeat}`)
  if (keep) result.added.forEach((input) => keepInput(name, input))
  print(`${name}: ${inputs} inputs in ${secondsSince(startMs)}, ${result.added.length} of them new; nothing found`)
  if (property !== null) checkProperty(name, property, { inputs, seed, repeat })
}

function checkProperty(
  name: string,
  property: fc.IRawProperty<unknown>,
  { inputs, seed, repeat }: { readonly inputs: number; readonly seed: number; readonly repeat: string },
): void {
  const startMs = performance.now()
  const details = fc.check(property, { numRuns: inputs, seed }) as fc.RunDetails<unknown>
  const { failed, counterexample, errorInstance } = details
  if (failed) fail(`${name}: ${fc.stringify(counterexample)}\n${String(errorInstance)}\n${repeat}`)
  print(`${name}: ${inputs} values in ${secondsSince(startMs)}; nothing found`)
}

function secondsSince(startMs: number): string {
  return `${((performance.now() - startMs) / 1000).toFixed(1)} s`
}

function readCorpus(name: string): Uint8Array[] {
  const directory = join(CORPUS, name)
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .toSorted()
    .map((file) => readFileSync(join(directory, file)))
}

function keepInput(name: string, input: Uint8Array): void {
  const directory = join(CORPUS, name)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, createHash('sha256').update(input).digest('hex').slice(0, 16)), input)
}

function readCount(option: string, text: string): number {
  if (!/^\d{1,12}$/.test(text)) fail(`${option} takes a number, not ${text}`)
  return Number(text)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
