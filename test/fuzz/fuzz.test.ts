import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../support/process.js'
import { REPOSITORY } from '../support/repository.js'

/** Inputs per test run; script/fuzz tries a million of each. A trace takes a hundred times as long as the others. */
const INPUTS = {
  'ring-records': 20_000,
  'dns-packets': 20_000,
  'container-files': 20_000,
  'bolt-files': 20_000,
  'times': 20_000,
  'durations': 20_000,
  'networks': 20_000,
  'traces': 1000,
}
const MAX_CORPUS_BYTES = 1 << 20
const FUZZ = join(REPOSITORY, 'script/fuzz')

test.each(Object.entries(INPUTS))('%s: random inputs with a new seed in each run (SEC-27)', async (name, inputs) => {
  const { status, stdout, stderr } = await run([FUZZ, '--inputs', `${inputs}`, name])
  expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' })
  process.stdout.write(stdout)
  expect(stdout).toMatch(new RegExp(`^seed \\d+\\n${name}: ${inputs} inputs in .*; nothing found$`, 'm'))
})

test('an unknown target is refused', async () => {
  expect(await run([FUZZ, 'everything'])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('there are ring-records'),
  })
  expect(await run([FUZZ, '--inputs', 'many'])).toMatchObject({
    status: 1,
    stderr: '--inputs takes a number, not many\n',
  })
})

test('every target has a small corpus', () => {
  const corpus = join(REPOSITORY, 'test/fuzz/corpus')
  const targets = readdirSync(corpus)
  expect(targets.toSorted()).toEqual(Object.keys(INPUTS).toSorted())
  const files = targets.flatMap((target) => readdirSync(join(corpus, target)).map((file) => join(corpus, target, file)))
  expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(MAX_CORPUS_BYTES)
})
