import { test } from 'vitest'
import { expectFilter, type Attempt } from '../../support/filter-case.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { connect } from '../../support/workload.js'

const [ONE, TWO, FAR, SIX] = ['127.0.0.1', '127.0.0.2', '127.1.0.1', '::1']
const MAPPED = '::ffff:127.0.0.2'
const EVERYBODY = [ONE, TWO, FAR, SIX, MAPPED]

describeKernel('filter by destination', () => {
  test.each([
    ['127.0.0.0/24', [ONE, TWO, MAPPED]],
    ['127.0.0.2', [TWO, MAPPED]],
    ['127.0.0.2/31', [TWO, MAPPED]],
    // Bits behind the prefix are ignored.
    ['127.1.2.3/16', [FAR]],
    ['127.0.0.1,127.1.0.1', [ONE, FAR]],
    ['::1', [SIX]],
    ['::/0', [SIX]],
    ['::1/127,127.1.0.0/16', [SIX, FAR]],
    ['::ffff:127.0.0.2', [TWO, MAPPED]],
    ['::ffff:127.0.0.0/120', [ONE, TWO, MAPPED]],
    ['0.0.0.0/0', [ONE, TWO, FAR, MAPPED]],
    ['10.0.0.0/8', []],
  ])('--dst %s', async (networks, addresses) => {
    const attemptAll = (list: readonly string[]): Attempt[] => list.map((address) => () => connect(address, 1000))
    const others = EVERYBODY.filter((address) => !addresses.includes(address))
    await expectFilter(['--dst', networks], { matching: attemptAll(addresses), others: attemptAll(others) })
  })
})
