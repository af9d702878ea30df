import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import type { Reporter, TestCase } from 'vitest/node'

const ROOT = fileURLToPath(new URL('.', import.meta.url))
// DuckDB is optional for the tool, which finds it like this where it is not installed beside it. Workers and the tool inherit it.
process.env['NODE_PATH'] = `${ROOT}test/engines/node_modules`

// Under sudo the tool would record as the user behind it. What tests that is given these variables.
for (const name of Object.keys(process.env)) if (name.startsWith('SUDO_')) delete process.env[name]

const KERNEL = 'test/record/kernel/**/*.test.ts'
/** Unit tests that take two thirds of the time of all: `script/test --fast` leaves them out. */
const SLOW = [
  'test/analyze/{hostile,oracle}/**/*.test.ts',
  'test/analyze/archive/{export-to-bucket,from-archive,same-answers}.test.ts',
  'test/analyze/export/{engines,export-trace}.test.ts',
  'test/analyze/{older-trace,queries/snapshots,scan/scan-pages}.test.ts',
  'test/analyze/report/report-page.test.ts',
  'test/cli*.test.ts',
  'test/cli/usage/completion.test.ts',
  'test/fuzz/**/*.test.ts',
  'test/record/write/trace-writer.test.ts',
  'test/rules/layers.test.ts',
  'test/store/check-schema.test.ts',
]

/** Prints the reason of each skipped test, and writes the counts to build/test-result.txt for script/test. */
const report: Reporter = {
  onTestRunEnd(modules, errors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const inState = (state: string) => tests.filter((test) => test.result().state === state)
    const [passed, failed, skipped] = [inState('passed'), inState('failed'), inState('skipped')]
    const groups = modules.flatMap((module) => [module, ...module.children.allSuites()])
    const broken = groups.filter((group) => group.errors().length > 0).length + errors.length
    const silent = skipped.filter((test) => reasonOf(test) === null)
    const kernel = [...passed, ...failed].filter((test) => test.project.name === 'kernel')
    // A pattern leaves tests out on purpose.
    const told = modules.some((module) => module.project.config.testNamePattern) ? [] : skipped
    for (const test of told) process.stdout.write(`skip  ${nameOf(test)}: ${reasonOf(test) ?? 'no reason given'}\n`)
    const counts = [passed.length, failed.length + broken, skipped.length, silent.length, kernel.length]
    mkdirSync(`${ROOT}build`, { recursive: true })
    writeFileSync(`${ROOT}build/test-result.txt`, `${counts.join(' ')}\n`)
  },
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId}: ${test.fullName}`
}

/** The argument of skip(), or the text in brackets at the end of the name of a skipped group. */
function reasonOf(test: TestCase): string | null {
  const result = test.result()
  const note = result.state === 'skipped' ? result.note : undefined
  return (
    note ??
    groupsOf(test)
      .map((name) => /\((.+)\)$/.exec(name)?.[1])
      .find((reason) => reason !== undefined) ??
    null
  )
}

function groupsOf(test: TestCase): string[] {
  const names: string[] = []
  for (let parent: TestCase['parent'] = test.parent; parent.type === 'suite'; parent = parent.parent) {
    names.push(parent.name)
  }
  return names
}

/** Most tests run the built tool. */
function requireBuild(): void {
  if (existsSync(`${ROOT}dist/cli.js`)) return
  throw new Error('dist/ is missing: run script/bootstrap first')
}

function unitTests(name: string, include: string[], exclude: string[]): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include,
      exclude: [...exclude, KERNEL, '**/node_modules/**'],
      // Vitest leaves a core idle by default.
      maxWorkers: '100%',
      sequence: { groupOrder: 0 },
    },
  }
}

export default defineConfig({
  cacheDir: 'build/vitest',
  plugins: [{ name: 'require-build', configResolved: requireBuild }],
  test: {
    reporters: ['default', report],
    globalSetup: 'test/support/share-package.ts',
    slowTestThreshold: 5000,
    // Against what hangs: on a busy machine a test takes many times as long.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    projects: [
      unitTests('unit', ['test/**/*.test.ts'], SLOW),
      unitTests('slow', SLOW, []),
      {
        extends: true,
        test: {
          name: 'kernel',
          include: [KERNEL],
          // A probe sees the connects of the whole host: one test at a time, after all others.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
