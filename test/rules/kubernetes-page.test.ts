import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { REPOSITORY } from '../support/repository.js'
import { runTool } from '../support/tool.js'

const PAGE = readFileSync(join(REPOSITORY, 'docs/kubernetes.md'), 'utf8')

/** The arguments of tcpconn in the manifest and the recipe of the page. */
const MANIFEST = /^ +args: \[(.*)\]$/m.exec(PAGE)?.[1]?.split(', ') ?? []
const RECIPE = /--arguments-only -- \\\n +(.*)$/m.exec(PAGE)?.[1]?.split(' ') ?? []

test.each([
  ['the manifest', MANIFEST],
  ['the recipe', RECIPE],
])('%s of docs/kubernetes.md has a command line that tcpconn accepts', async (_, words) => {
  expect(words).toContain('record')
  // Only the last option is refused, after everything before it was parsed.
  const { status, stderr } = await runTool([
    ...words.filter((word) => !/^(--duration|5m)$/.test(word)),
    '--duration',
    'no',
  ])
  expect(status).toBe(2)
  expect(stderr).toMatch(/^reason: --duration takes /m)
})

test('the manifest shares the processes of the node and gives the privileges to record', () => {
  for (const line of ['hostPID: true', 'privileged: true', 'kind: DaemonSet']) expect(PAGE).toContain(line)
})
