import { formatCount } from '../../../text/format-number.js'
import type { Row } from '../../result/result.js'

/** Number of consecutive empty rows that are shown one by one. */
const MAX_EMPTY = 9

/**
 * Replaces each long run of empty rows by one line.
 * @param isEmpty by the position of a row
 * @param what the rows are, in the plural: `intervals without attempts`
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
