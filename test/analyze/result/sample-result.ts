import { choosePaint } from '../../../src/text/paint.js'
import type { View } from '../../../src/analyze/result/format.js'
import type { Result } from '../../../src/analyze/result/result.js'

/** Nothing but the table itself, without colours. */
export const PLAIN_VIEW: View = { width: Infinity, paint: choosePaint(false, {}), loss: [], cover: [] }

/** Columns of every kind; names of strangers, wide ones, marks, integers beyond 2^53, and what is not known. */
export const SAMPLE: Result = {
  columns: [
    { name: 'remote_address', heading: 'ADDRESS', kind: 'text' },
    { name: 'remote_port', heading: 'PORT', kind: 'text' },
    { name: 'first_seen_ns', heading: 'FIRST SEEN', kind: 'time' },
    { name: 'attempts', heading: 'ATTEMPTS', kind: 'count' },
    { name: 'rate', heading: 'RATE', kind: 'rate' },
    { name: 'failed_percent', heading: 'FAILED%', kind: 'percent', isFailure: true },
    { name: 'p50_ns', heading: 'P50', kind: 'duration' },
    { name: 'factor', heading: 'FACTOR', kind: 'number' },
    { name: 'pid', heading: 'PID', kind: 'number', isHidden: true },
    { name: 'exe', heading: 'EXE', kind: 'text' },
  ],
  rows: [
    ['192.0.2.7', 443, 1_769_853_605_123_456_789n, 1_234_567, 12.34, 0.04, 123_456, 1.5, 1, '/usr/bin/curl'],
    [
      '2001:db8:1234:5678:9abc:def0:1234:5678',
      5432,
      1_769_853_605_500_000_000n,
      9_876,
      0.05,
      100,
      null,
      12_345.678,
      2n ** 60n,
      'データベース/受付係',
    ],
    ['::1', 80, 1_769_853_606_000_000_000n, 1, 0, 0, 45e9, -3, 3, 'e\u0301tage\u0301re |pipe| "quoted", comma'],
    [null, null, null, null, null, null, null, null, null, null],
    [
      '=1+1',
      65535,
      -1n,
      12,
      2_345.6,
      33.333,
      999_499,
      0.000_123_456,
      -(2n ** 62n),
      '\x1b]0;title\x07\n\u202egnp\\\u{1f600}',
    ],
  ],
  hiddenRows: 1_980,
  notes: ['latency covers established attempts'],
}
