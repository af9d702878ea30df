import { ClickHouseError } from '@clickhouse/client'
import { expect, test } from 'vitest'
import { DATA_CODES, SERVER_CODES, serverFault, TEMPORARY_CODES } from '../../src/clickhouse/server-fault.js'

const codeOf = (type: string) => serverFault('server', new ClickHouseError({ message: 'no', code: '1', type })).code

test.each(['SERVER_OVERLOADED', 'CANNOT_SCHEDULE_TASK', 'ABORTED', 'TOO_FEW_LIVE_REPLICAS', 'TOO_MANY_PARTS'])(
  '%s is temporary, and concerns every request',
  (type) => {
    expect(TEMPORARY_CODES).toContain(codeOf(type))
    expect(SERVER_CODES).toContain(codeOf(type))
  },
)

test.each(['VIOLATED_CONSTRAINT', 'CANNOT_PARSE_NUMBER'])('%s concerns only the data that were sent', (type) => {
  expect(DATA_CODES).toContain(codeOf(type))
  expect(SERVER_CODES).not.toContain(codeOf(type))
})
