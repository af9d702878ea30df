import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { run } from '../../support/process.js'
import { REPOSITORY } from '../../support/repository.js'

const SOAK = join(REPOSITORY, 'script/soak')

describeKernel('script/soak', () => {
  test('prints memory, rate and loss of a mixed load, and ends', async () => {
    const { status, stdout, stderr } = await run([SOAK, '--hours', '0.003'])
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' })
    const lines = stdout.split('\n').filter((line) => /^ +\d\.\d min +\d+ MB +\d+ +\d+\/s +0 lost/.test(line))
    expect(lines.length).toBeGreaterThanOrEqual(10)
    expect(stdout).toMatch(/^outcomes: .*established.*refused.*timed_out.*cancelled.*pending/m)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('ok')
  })

  test.each([[[]], [['--hours', '0']], [['--hours', 'a few']]])('%j is refused', async (args) => {
    expect(await run([SOAK, ...args])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('--hours takes'),
    })
  })
})
