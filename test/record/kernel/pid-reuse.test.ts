import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { recordWhile } from '../../support/recorder.js'
import { runTool } from '../../support/tool.js'
import { connectsOf, queryTrace } from '../../support/trace.js'
import { runWorkload } from '../../support/workload.js'

/** USER_HZ, a constant of the kernel's interface. */
const TICK_NS = 10_000_000

describeKernel('a pid that is used twice', () => {
  test('belongs to two processes with different start times (SEC-23)', async () => {
    const reuse = () => runWorkload<{ pid: number; start_ticks: number[] }>('reuse-pid', ['127.0.0.1', '1000'])
    const { file, result } = await recordWhile({}, reuse)
    const rows = connectsOf(file, result.pid)
    const ticks = rows.map((row) => Math.floor(row.process_start_ns / TICK_NS))
    expect(result.start_ticks[0]).toBeLessThan(result.start_ticks[1] as number)
    expect(ticks).toEqual(result.start_ticks)
    expect(queryTrace(file, 'SELECT process_id FROM process WHERE pid = ?', result.pid)).toHaveLength(2)
    const args = ['analyze', 'by-process', file, '--pid', `${result.pid}`, '--format', 'json']
    const { stdout } = await runTool(args)
    expect((JSON.parse(stdout) as { attempts: number }[]).map(({ attempts }) => attempts)).toEqual([1, 1])
  })
})
