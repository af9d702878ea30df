import { formatCount } from '../../../text/format-number.js'
import type { Row } from '../../result/result.js'

/** Rows in a row that are worth a line each, though they say nothing. */
const MAX_EMPTY = 9

/**
 * Puts one line in the place of each long run of rows that say nothing.
 * @param isEmpty by the position of a row
 * @param what they are, of which there are always many: `intervals without attempts`
 */
export function foldRows(rows: readonly Row[], isEmpty: (position: number) => boolean, what: string): (Row | string)[] {
  const folded: (Row | string)[] = []
  let run: Row[] = []
  const endRun = () => {
    if (run.length > MAX_EMPTY) folded.push(`… ${formatCount(run.length)} ${what}`)
    else for (const row of run) folded.push(row)
    run = []
  }
  for (const [position, row] of rows.entries()) {
    if (isEmpty(position)) {
      run.push(row)
      continue
    }
    endRun()
    folded.push(row)
  }
  endRun()
  return folded
}
