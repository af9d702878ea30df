import { expect, test } from 'vitest'
import { createUserNames } from '../../../src/record/host/user-names.js'
import { parseUids } from '../../../src/record/options/parse-record-options.js'
import { expectRefusal } from '../../options/expect-refusal.js'

const USERS = createUserNames('root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\n')

test.each([
  [
    ['0,www-data', '1000'],
    [0, 33, 1000],
  ],
  [
    [' root , 7 ', '7'],
    [0, 7],
  ],
  [['4294967294'], [4_294_967_294]],
  [[], []],
])('accepts users by number or name: %j', (texts, uids) => {
  expect(parseUids(texts, USERS)).toEqual(uids)
})

test.each(['nobody-here', '-1', '4294967295', '1.0', '1e3', '', 'root,'])('%j is refused', (text) => {
  expectRefusal(() => parseUids([text], USERS), '--uid', text, /user ids or names that this host knows/)
})

test('the error names the unknown user among several', () => {
  expectRefusal(() => parseUids(['0,nobody-here', 'root'], USERS), '--uid', 'nobody-here', /user ids or names/)
})
