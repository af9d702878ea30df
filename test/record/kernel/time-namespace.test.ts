import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeKernel } from '../../support/kernel-tests.js'
import { findClosedPort } from '../../support/listener.js'
import { startRecording } from '../../support/recorder.js'
import { runTool } from '../../support/tool.js'
import { connectsOf, onlyConnectOf } from '../../support/trace.js'
import { waitUntil } from '../../support/wait-until.js'
import { connect } from '../../support/workload.js'

/** Both clocks are a day ahead. */
const AHEAD = ['unshare', '--time', '--monotonic', '86400', '--boottime', '86400']
const TICKS_PER_S = 100

/** Start since boot, as the kernel counts it. */
function readUptimeS(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
}

describeKernel('a recorder in a time namespace', () => {
  test('records the times of the host', async () => {
    const port = await findClosedPort()
    const recording = await startRecording({ under: AHEAD })
    const [beforeMs, beforeS] = [Date.now(), readUptimeS()]
    const { pid } = await connect('127.0.0.1', port)
    const [afterMs, afterS] = [Date.now(), readUptimeS()]
    await waitUntil('its row', () => connectsOf(recording.file, pid).length)
    // The recorder is identified by its start time, from both namespaces.
    for (const under of [[], AHEAD]) {
      const { stdout } = await runTool(['info', recording.file], { under })
      expect(stdout).toContain(`not yet: process ${recording.pid} is recording`)
    }
    await recording.stop()
    const row = onlyConnectOf(recording.file, pid)
    expect(row.started_ns / 1e6).toBeGreaterThan(beforeMs - 1)
    expect(row.started_ns / 1e6).toBeLessThan(afterMs + 1)
    expect(row.latency_ns).toBeLessThan((afterMs - beforeMs + 1) * 1e6)
    expect(row.process_start_ns / 1e9).toBeGreaterThan(beforeS - 2 / TICKS_PER_S)
    expect(row.process_start_ns / 1e9).toBeLessThan(afterS + 2 / TICKS_PER_S)
    const { stdout } = await runTool(['info', recording.file])
    expect(stdout).toMatch(/ for \d+(\.\d+)? ?(m?s)\b/)
  })
})
