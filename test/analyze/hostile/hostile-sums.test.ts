// First import: it counts in modules that are loaded after it.
import { askAll, changeTrace } from './ask-all.js'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../store/random.js'

/** Bytes that are the same in each run, as an SQL literal. */
function anyBytes(seed: number): string {
  const random = createRandom(seed)
  return `x'${Buffer.from(Array.from({ length: 1000 }, () => Math.floor(256 * random()))).toString('hex')}'`
}

describe('a hostile trace is analyzed, or refused with a TcpconnError, with a bounded amount of work', () => {
  test.each<readonly [string, string]>([
    ['no bytes', 'zeroblob(0)'],
    ['zeros', 'zeroblob(100000)'],
    ...[1, 2, 3].map((seed) => [`any bytes, ${seed}`, anyBytes(seed)] as const),
    ['an endless number', `x'${'ff'.repeat(2000)}'`],
    ['an endless zero', `x'${'80'.repeat(2000)}'`],
    ['every mask', `CAST(replace(hex(zeroblob(5000)), '00', x'ff7f01') AS BLOB)`],
  ])('with sums that are %s', async (_, blob) => {
    await askAll(changeTrace(`UPDATE window_sums SET sums = ${blob}`))
  })

  test.each(['endpoint', 'process', 'second'])('without sums by %s, but with others', async (dimension) => {
    const codes = await askAll(changeTrace(`DELETE FROM window_sums WHERE dimension = '${dimension}'`))
    expect(codes).toContain('E_DAMAGED_TRACE')
  })
})
