import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PACKAGE_ROOT, TOOL_VERSION } from '../../../src/base/package.js'
import { describeVersions } from '../../../src/record/probe/describe-versions.js'
import { PROBE_OBJECT } from '../../../src/record/probe/probe-file.js'
import { isNodeShared } from '../../support/kernel-tests.js'
import { runTool } from '../../support/tool.js'
import { asNobody } from '../../support/users.js'

test.each(['--version', '-V'])('%s prints the tool, the probe, the format and libbpf, one per line', async (option) => {
  const { status, stdout, stderr } = await runTool([option], isNodeShared() ? asNobody() : {})
  expect([status, stderr]).toEqual([0, ''])
  const digest = createHash('sha256').update(readFileSync(PROBE_OBJECT)).digest('hex')
  const formats = readdirSync(join(PACKAGE_ROOT, 'migrations')).length
  const [tool, probe, format, libbpf, end] = stdout.split('\n')
  expect(tool).toBe(TOOL_VERSION)
  expect(probe).toBe(`probe ${digest.slice(0, 16)}`)
  expect(format).toBe(`trace format ${formats}`)
  expect(libbpf).toMatch(/^libbpf 1\.\d+(\.\d+)?$/)
  expect(end).toBe('')
})

test('missing parts are reported without an error', async () => {
  const [probe, , libbpf] = await describeVersions('missing.o', 'libmissing.so.1')
  expect([probe, libbpf]).toEqual(['probe not found', 'libbpf not found'])
})

test('the probe contains no paths of this machine, so its digest depends only on its sources', () => {
  expect(readFileSync(PROBE_OBJECT, 'latin1')).not.toContain(PACKAGE_ROOT)
})
