import { mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** build/bench/, where script/bench puts this module, the other programs and a copy of the tool. */
export const BUILD = dirname(fileURLToPath(import.meta.url))
/** The copy: a build during the bench does not change the measured tool. */
export const CLI = join(BUILD, 'package/dist/cli.js')
export const LOADGEN = join(BUILD, '../workload/loadgen')
export const RUN_MEASURED = join(BUILD, 'run-measured')
export const TIME_SYSCALL = join(BUILD, 'time-syscall')
export const FEED = join(BUILD, 'feed.js')
export const MAKE_TRACE = join(BUILD, 'make-trace.js')
export const RECORD_HOSTS = join(BUILD, 'record-hosts.js')
export const DUCKDB_QUERY = join(BUILD, 'duckdb-query.js')
export const FEED_OBJECT = join(BUILD, 'feed.bpf.o')
export const ATTACH_RETURN = join(BUILD, 'attach-return.js')
export const RETURN_OBJECT = join(BUILD, 'return.bpf.o')

/** Runs `body` with an empty directory on the disk of the checkout, and removes it afterwards. */
export async function withDirectory<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(BUILD, 'tmp-'))
  try {
    return await body(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
