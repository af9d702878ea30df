import { rmSync } from 'node:fs'
import { TcpconnError } from '../../base/errors.js'
import type { Store } from '../../s3/connect-store.js'
import { formatPlural } from '../../text/format-number.js'
import { outputFault } from '../output/output-faults.js'
import { makePrivateDirectory, type PrivateDirectory } from '../output/private-directory.js'
import { openSink } from '../output/sink.js'
import { createFileTarget, type ExportTarget } from './file-target.js'
import { createOpenParts } from './open-parts.js'
import { createDivider, type PartitionInput } from './partition-target.js'

/** A data set in a bucket, and what was sent of it. */
export interface StoreTarget extends ExportTarget {
  /** A line about the files that were sent, and those that were there already */
  describe(): string
}

/**
 * A data set of Parquet files in an S3 bucket, with the names that `openPartitionTarget` gives them. Each file is written into a private
 * directory, sent when it is complete, and removed.
 */
export function openStoreTarget(store: Store, input: PartitionInput): StoreTarget {
  const directory = makeDirectory(store.place)
  const counts = { sent: 0, present: 0 }
  const parts = createOpenParts(directory.path, {
    open: (file) => createFileTarget(openSink(file, file), input.table, input.create()),
    async place(file, name) {
      counts[await store.send(name, file)]++
      rmSync(file, { force: true })
    },
  })
  const divide = createDivider(input, parts)
  const guard = async (run: () => Promise<void>) => {
    try {
      await run()
    } catch (error) {
      throw describeRest(error, counts.sent)
    }
  }
  let isOver = false
  const end = () => {
    if (isOver) return
    isOver = true
    parts.abort()
    directory.remove()
  }
  return {
    add: (rows) => guard(() => divide(rows)),
    async finish() {
      await guard(parts.finish)
      end()
    },
    abort: end,
    describe() {
      const present = counts.present === 0 ? '' : `; already there: ${formatPlural(counts.present, 'file')}`
      return `sent ${formatPlural(counts.sent, 'file')} to ${store.place}${present}`
    },
  }
}

function makeDirectory(place: string): PrivateDirectory {
  try {
    return makePrivateDirectory('tcpconn-send-')
  } catch (cause) {
    throw outputFault(place, cause)
  }
}

/** Files that were sent stay: they are complete, and the next export finds them. */
function describeRest(error: unknown, sent: number): unknown {
  if (!(error instanceof TcpconnError) || sent === 0) return error
  const { code, message, reason, hint } = error
  const done = `already sent: ${formatPlural(sent, 'file')}; the same command sends the others`
  return new TcpconnError(code, { what: message, reason, hint: `${hint}; ${done}`, cause: error.cause })
}
