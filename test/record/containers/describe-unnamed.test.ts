import { expect, test } from 'vitest'
import { describeReader, describeUnnamed } from '../../../src/record/containers/describe-unnamed.js'
import { HEALTHY } from '../../../src/record/containers/reader-protocol.js'

test('nothing is reported of a reader that ran until the end and missed nothing', () => {
  expect(describeUnnamed({ count: 0, reader: HEALTHY })).toEqual([])
})

test('files that are too large are counted, with the path of the first one, safe for a terminal (GAP-102)', () => {
  expect(describeReader({ ...HEALTHY, tooLarge: ['/run/containers/networks/ipam.db'] })).toEqual([
    'too large to be read: 1 file with addresses of containers, like /run/containers/networks/ipam.db; remote_container and remote_pod may be missing',
  ])
  const [line] = describeReader({ ...HEALTHY, tooLarge: ['/a\u001b[2J', '/b'] })
  expect(line).toContain('2 files')
  expect(line).not.toContain('\u001b')
})

test('a reader that stopped to check addresses is reported, also if it answers again (GAP-101)', () => {
  expect(describeReader({ ...HEALTHY, wasSilent: true })).toEqual([
    expect.stringContaining('did not check their addresses for 5 s or longer'),
  ])
})
