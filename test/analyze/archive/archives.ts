import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { vi } from 'vitest'
import { exportTrace, type ExportOptions } from '../../../src/analyze/export/export-trace.js'
import { queryDuckdb } from '../../engines/duckdb.js'
import { BUCKET, startS3, type S3Server } from '../../engines/s3.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

/** Exports all sessions of traces as a data set. @returns its directory */
export async function makeArchive(files: readonly string[], options: Partial<ExportOptions> = {}): Promise<string> {
  const output = join(makeTemporaryDirectory(), 'set')
  await exportTrace(files, { ...PARTITIONED, output, ...options })
  return output
}

export const PARTITIONED = { format: 'parquet', partition: 'host,date', session: 'all', quiet: true } as const

/** An endpoint that the client finds in the environment of this process. */
export async function startFoundS3(): Promise<S3Server> {
  const server = await startS3()
  for (const [name, value] of Object.entries(server.environment)) vi.stubEnv(name, value)
  return server
}

/** Exports all sessions of traces into a bucket. @returns the place */
export async function sendArchive(files: readonly string[], prefix = 'connects'): Promise<string> {
  const output = `s3://${BUCKET}/${prefix}`
  await exportTrace(files, { ...PARTITIONED, output })
  return output
}

/** Adds files to a data set of one host: another host claims to have its sessions. */
export async function addForger(place: string): Promise<void> {
  for (const name of readdirSync(place, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.parquet')) continue
    const [own, forged] = [join(place, name), join(place, 'host=forger', basename(name))]
    mkdirSync(dirname(forged), { recursive: true })
    const metadata = `SELECT decode(value) FROM parquet_kv_metadata('${own}') WHERE decode(key) = 'tcpconn.archive'`
    const [[json]] = (await queryDuckdb(metadata)).rows as [[string]]
    const facts = JSON.parse(json) as { sessions: object[] }
    const sessions = facts.sessions.map((session) => ({ ...session, host: 'forger' }))
    const claimed = JSON.stringify({ ...facts, sessions }).replaceAll("'", "''")
    const select = `SELECT * FROM read_parquet('${own}', hive_partitioning = false)`
    await queryDuckdb(`COPY (${select}) TO '${forged}' (FORMAT parquet, KV_METADATA {'tcpconn.archive': '${claimed}'})`)
  }
}

/** A copy of a generated trace without its sums, whose seconds are those before the trace was moved in time. */
export function withoutSums(file: string): string {
  const copy = join(makeTemporaryDirectory(), 'trace.db')
  copyFileSync(file, copy)
  const db = new Database(copy)
  db.exec('DELETE FROM window_sums; DELETE FROM window_rollup')
  db.close()
  return copy
}
