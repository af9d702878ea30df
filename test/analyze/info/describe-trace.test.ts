import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { describeTrace } from '../../../src/analyze/info/describe-trace.js'
import { readStartTicks } from '../../../src/attempt/process-start.js'
import { firstOutput, run, start } from '../../support/process.js'
import { makeSampleTrace, type SampleTrace } from '../sample-trace.js'

const ATTEMPTS = [{}, {}, { outcome: 1, error: 111, flags: 1 }, { outcome: 7 }]

/** The output for the only session, by label. */
function describeOnly({ file }: SampleTrace): Record<string, string> {
  const lines = describeTrace(file).slice(2)
  return Object.fromEntries(lines.map((line) => [line.slice(2, 16).trim(), line.slice(16)]))
}

/** Changes columns of the newest session. */
function change({ db }: SampleTrace, columns: Record<string, string | number | null>): void {
  const list = Object.keys(columns).map((name) => `${name} = ?`)
  db.prepare(`UPDATE session SET ${list.join(', ')} WHERE session_id = (SELECT max(session_id) FROM session)`).run(
    ...Object.values(columns),
  )
}

describe('a closed session', () => {
  test('is shown with its host, its recorder, its time and its result', () => {
    const trace = makeSampleTrace({ batches: [ATTEMPTS] })
    change(trace, {
      host: 'web-1',
      kernel: '6.1.0',
      machine: 'x86_64',
      boot_id: 'b00t',
      command_line: 'tcpconn record -d 60',
    })
    expect(describeOnly(trace)).toEqual({
      'loss': 'none',
      'host': 'web-1, Linux 6.1.0 x86_64, boot b00t',
      'recorded by': 'tcpconn 1.0.0: tcpconn record -d 60',
      'filters': 'none',
      'time': '2023-11-14 22:13:20 UTC for 1m00s',
      'ended': 'reached --duration',
      'attempts': '4 (4.00/min)',
      'outcomes': '2 established, 1 refused, 1 pending',
      'of these': '1 IPv4-mapped',
      'local errors': 'not recorded',
      'nat': 'not recorded',
      'dns': 'lookups were not recorded',
      'completeness': "4 recorded + 0 lost = the kernel's 4 attempts (TcpActiveOpens)",
    })
  })

  test('shows loss first', () => {
    const trace = makeSampleTrace({
      batches: [ATTEMPTS],
      loss: { ringFull: 5, mapFull: 0, writerBehind: 1, missed: 0, skipped: 0 },
    })
    const [, session, loss] = describeTrace(trace.file)
    expect(session).toBe('session 1')
    expect(loss).toMatch(/LOST 6 attempts: 5 ring full, 1 writer behind/)
    expect(describeOnly(trace).completeness).toContain('4 recorded + 6 lost')
  })

  test('with DNS lookups shows their number, and lost lookups below lost attempts', () => {
    const trace = makeSampleTrace({ batches: [ATTEMPTS] }, { batches: [ATTEMPTS] })
    trace.db
      .exec(`UPDATE session SET dns_source = 'udp', dns_ports = '53,5353', has_local_errors = 1, dns_lost_count = 2 WHERE session_id = 1;
      INSERT INTO dns_name VALUES (1, 'a.example'), (2, 'b.example');
      INSERT INTO connect_dns VALUES (1, 1, 5, 6, 1), (5, 1, 5, 6, 1), (6, 1, 5, 6, 1);
      INSERT INTO dns_lookup SELECT value, 1, value, NULL, 1 + value % 2, 1, NULL, 0, NULL, NULL, NULL, NULL FROM json_each('[1, 2, 3]')`)
    const lines = describeTrace(trace.file)
    const second = lines.indexOf('session 2')
    const labels = lines.slice(2, second).map((line) => line.slice(2, 16).trim())
    expect(labels.slice(0, 2)).toEqual(['loss', 'dns loss'])
    expect(lines[3]).toContain('LOST 2 DNS packets; attempts are not affected')
    const said = lines.slice(0, second).join('\n')
    expect(said).toMatch(/dns +udp: 3 lookups of 2 names; 25.0% of attempts have a name/)
    expect(said).toMatch(/^ {2}dns ports +53,5353$/m)
    expect(said).toMatch(/^ {2}local errors {2}recorded, except those of 32-bit programs and of io_uring$/m)
    expect(lines.slice(second).join('\n')).not.toContain('dns ports')
    expect(lines.slice(second).join('\n')).toMatch(/dns +unknown source: 0 lookups of 0 names; 50.0% of attempts/)
  })

  test('with filters shows them, and was not compared', () => {
    const said = describeOnly(makeSampleTrace({ batches: [ATTEMPTS], filters: '{"port":[80]}' }))
    expect(said.filters).toBe('port 80')
    expect(said.completeness).toMatch(/^not checked against TcpActiveOpens/)
  })

  test.each([
    ['{"comm":["a \\"b\\"","c"],"min_latency_ns":5000000}', 'comm a "b", c; min_latency_ns 5000000'],
    ['none of ours', 'none of ours'],
    ['null', 'null'],
  ])('with the filters %s', (filters, text) => {
    expect(describeOnly(makeSampleTrace({ batches: [], filters })).filters).toBe(text)
  })

  test.each([
    ['interrupt', /interrupted/],
    ['terminate', /terminated by a signal/],
    ['command', /its command ended/],
    ['error', /error/],
    ['rotation', /continued in the next file/],
    ['of the future', /does not know/],
  ])('that ended for the reason %s (GAP-45)', (reason, text) => {
    const trace = makeSampleTrace({ batches: [] })
    change(trace, { end_reason: reason })
    expect(describeOnly(trace).ended).toMatch(text)
  })

  test('shows how often the clock was set (GAP-50)', () => {
    const trace = makeSampleTrace({ batches: [ATTEMPTS] })
    for (const since of [1, 2]) trace.db.prepare('INSERT INTO clock_offset VALUES (1, ?, 5)').run(since)
    expect(describeOnly(trace).clock).toBe('set 2 times while recording')
    expect(describeOnly(makeSampleTrace({ batches: [] })).clock).toBeUndefined()
    trace.db.exec('DELETE FROM clock_offset WHERE since_ns = 2')
    expect(describeOnly(trace).clock).toBe('set 1 time while recording')
  })
})

describe('a session without an end', () => {
  test('is running while its recorder runs', () => {
    const trace = makeSampleTrace({ batches: [ATTEMPTS], goodbye: false })
    const said = describeOnly(trace)
    expect(said.ended).toBe(`not yet: process ${process.pid} is recording`)
    expect(said.completeness).toBe('not known before the end')
    expect(said).toMatchObject({
      attempts: '4 (4.00/s)',
      outcomes: '2 established, 1 refused, 1 pending',
      loss: 'none',
    })
  })

  test('is an unclean shutdown if its recorder no longer exists', async () => {
    const trace = makeSampleTrace({
      batches: [ATTEMPTS],
      goodbye: false,
      loss: { ringFull: 3, mapFull: 0, writerBehind: 0, missed: 0, skipped: 0 },
    })
    change(trace, { recorder_pid: (await run(['true'])).pid })
    const said = describeOnly(trace)
    expect(said.ended).toMatch(/^unclean shutdown/)
    expect(said.completeness).toBe('not checked against TcpActiveOpens: the recorder did not end normally')
    expect(said.loss).toMatch(/^LOST 3 attempts/)
    expect(said.outcomes).toBe('2 established, 1 refused, 1 pending')
  })

  test('is running if another process holds its lock, even if its pid has no meaning here, and is the newest', async () => {
    const trace = makeSampleTrace({ batches: [ATTEMPTS], goodbye: false }, { batches: [[{}]], goodbye: false })
    trace.db.prepare('UPDATE session SET recorder_pid = ?').run((await run(['true'])).pid)
    const recorder = start(['flock', '--no-fork', trace.file, 'sh', '-c', 'echo locked; exec sleep 60'])
    await firstOutput(recorder)
    const endings = () => describeTrace(trace.file).filter((line) => line.startsWith('  ended'))
    expect(endings()).toEqual([
      expect.stringContaining('unclean shutdown'),
      expect.stringContaining('not yet: a process of another PID namespace is recording'),
    ])
    recorder.child.kill()
    await recorder.finished
    expect(endings()[1]).toContain('unclean shutdown')
  })

  test("is an unclean shutdown if another process has the recorder's pid", () => {
    const trace = makeSampleTrace({ batches: [], goodbye: false })
    change(trace, { recorder_start_ticks: (readStartTicks(process.pid) as number) - 2 })
    expect(describeOnly(trace).ended).toMatch(/^unclean shutdown/)
  })

  test('is an unclean shutdown if the host was booted since', () => {
    const trace = makeSampleTrace({ batches: [], goodbye: false })
    change(trace, { boot_id: readFileSync('/proc/sys/kernel/random/uuid', 'utf8').trim() })
    expect(describeOnly(trace).ended).toMatch(/^unclean shutdown/)
  })
})

test('the first line has the number of sessions and attempts, the others describe each session', () => {
  const { file } = makeSampleTrace({ batches: [ATTEMPTS] }, { batches: [[{}]] })
  const lines = describeTrace(file)
  expect(lines[0]).toMatch(/trace\.db: 2 sessions, 5 attempts, \d.* kB$/)
  expect(lines.filter((line) => line.startsWith('session '))).toEqual(['session 1', 'session 2'])
})

test('a trace without a session is shown as such', () => {
  expect(describeTrace(makeSampleTrace().file)).toEqual([expect.stringMatching(/: 0 sessions, 0 attempts, /)])
})

test('escapes control characters in texts of the trace', () => {
  const trace = makeSampleTrace({ batches: [ATTEMPTS] })
  const hostile = 'a\x1b]0;b\x07\n\u202e'
  change(trace, {
    host: hostile,
    boot_id: hostile,
    command_line: hostile,
    filters: hostile,
    tool_version: hostile,
    end_reason: hostile,
  })
  expect(describeTrace(trace.file).join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
})
