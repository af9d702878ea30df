import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { connect, type AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { createServer } from 'node:tls'
import Database from 'better-sqlite3'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { exportTrace, type ExportOptions } from '../../../src/analyze/export/export-trace.js'
import { queryClickhouse } from '../../engines/clickhouse.js'
import { BUCKET, environmentOf, NO_FILES, startS3 } from '../../engines/s3.js'
import { makeCertificate } from '../../support/certificate.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { EXPORT_NAMES, exportRows, makeHardTrace } from '../export/hard-trace.js'
import { makeSampleTrace } from '../sample-trace.js'
import { makeArchive, PARTITIONED, sendArchive, startFoundS3 } from './archives.js'

/** A proxy that speaks TLS before an endpoint. */
async function startTls(endpoint: string) {
  const { key, certificate } = makeCertificate()
  const port = Number(new URL(endpoint).port)
  const proxy = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (socket) => {
    const forward = connect(port, '127.0.0.1')
    socket.on('error', () => forward.destroy())
    forward.on('error', () => socket.destroy())
    socket.pipe(forward).pipe(socket)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void proxy.close())
  return { certificate, url: `https://127.0.0.1:${(proxy.address() as AddressInfo).port}` }
}

const WORDS = ['--session', 'all', '--format', 'parquet', '--partition', 'host,date']
const SETTINGS = `output_format_json_quote_64bit_integers = 1, date_time_output_format = 'unix_timestamp', use_hive_partitioning = 0`

beforeEach(() => {
  onTestFinished(() => void vi.unstubAllEnvs())
})

describe('export to a bucket', () => {
  test('is read by ClickHouse with every value, under the names of a directory', async () => {
    const server = await startFoundS3()
    const file = makeHardTrace({ host: '0042' })
    await sendArchive([file], 'a/connects')
    const columns = EXPORT_NAMES.join(', ')
    const { names, rows } = queryClickhouse(
      `SELECT ${columns} FROM s3(${server.clickhouse('a/connects/**/*.parquet')}) ORDER BY session_id, attempt_id SETTINGS ${SETTINGS}`,
    )
    expect(names).toEqual(EXPORT_NAMES)
    const expected = exportRows(file)
    const different = rows.findIndex((row, i) => row.some((value, j) => value !== expected[i]?.[j]))
    expect(rows[different]).toEqual(expected[different])
    expect(rows).toHaveLength(expected.length)
    const paths = queryClickhouse(`SELECT DISTINCT _path FROM s3(${server.clickhouse('a/connects/**/*.parquet')})`)
    const local = readdirSync(await makeArchive([file]), { recursive: true, encoding: 'utf8' })
    const files = local.filter((name) => name.endsWith('.parquet'))
    expect(paths.rows.map(([path]) => String(path)).toSorted()).toEqual(
      files.map((name) => `${BUCKET}/a/connects/${name}`).toSorted(),
    )
  })

  test('prunes directories of hosts and dates in ClickHouse', async () => {
    const server = await startFoundS3()
    await sendArchive([makeHardTrace({ host: 'web1' }), makeHardTrace({ host: 'web2', seed: 2 })])
    const [[count]] = queryClickhouse(
      `SELECT count() FROM s3(${server.clickhouse('connects/host=web1/date=2023-11-14/*.parquet')})`,
    ).rows as [[bigint]]
    expect(count).toBeGreaterThan(0n)
  })

  test('counts attempts once with the query of the documentation, also those exported before and after the end', async () => {
    const server = await startFoundS3()
    const trace = makeSampleTrace({ batches: [[{}, {}, {}]] })
    trace.db.pragma('journal_mode = DELETE')
    const durationNs = trace.db.prepare('SELECT duration_ns FROM session').pluck().get()
    trace.db.exec('UPDATE session SET duration_ns = NULL')
    trace.db.close()
    await sendArchive([trace.file])
    const db = new Database(trace.file)
    db.prepare('UPDATE session SET duration_ns = ?').run(durationNs)
    db.close()
    await sendArchive([trace.file])
    const place = `s3(${server.clickhouse('connects/**/*.parquet')})`
    const count = (sql: string) => Number(queryClickhouse(sql).rows[0]?.at(-1))
    expect(count(`SELECT count() FROM ${place}`)).toBe(6)
    const [, query = ''] = /```sql\n(SELECT remote_address, count\(\) FROM [^`]+)```/.exec(
      readFileSync('docs/fleet.md', 'utf8'),
    ) as RegExpExecArray
    expect(count(query.replace(/s3\('[^']+'\)/, place))).toBe(3)
    const files = query.replace('SELECT remote_address, count()', 'SELECT DISTINCT _file').replace(/GROUP BY.*/s, '')
    const { rows } = queryClickhouse(
      files.replace('SELECT remote_address', 'SELECT _file').replace(/s3\('[^']+'\)/, place),
    )
    expect(rows).toEqual([[expect.stringMatching(/-1-3\.parquet$/)]])
  })

  test('keeps what is there, and reports it (SEC-152)', async () => {
    const server = await startS3()
    const file = makeHardTrace()
    const words = ['export', file, ...WORDS, '-o', `s3://${BUCKET}/connects`]
    const first = await runTool(words, { env: server.environment })
    expect(first).toMatchObject({ status: 0, stdout: '' })
    const [, count = ''] = /sent (\d+) files to s3:\/\/archive\/connects\n$/.exec(first.stderr) ?? []
    expect(Number(count)).toBeGreaterThan(4)
    const files = server.files()
    const again = await runTool(words, { env: server.environment })
    expect(again.stderr).toContain(`sent 0 files to s3://archive/connects; already there: ${count} files\n`)
    expect(server.files()).toEqual(files)
    const other = await runTool(['export', makeHardTrace({ host: 'other' }), ...words.slice(2), '--quiet'], {
      env: server.environment,
    })
    expect(other).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(server.files().length).toBeGreaterThan(files.length)
  })

  test('of a directory takes --ca-file for the bucket', async () => {
    const server = await startS3()
    const { url, certificate } = await startTls(server.url)
    const words = ['export', '--from', await makeArchive([makeHardTrace({ count: 50 })]), ...WORDS]
    const options = { env: { ...server.environment, AWS_ENDPOINT_URL_S3: url } }
    const send = (...more: string[]) => runTool([...words, '-o', `s3://${BUCKET}/connects`, ...more], options)
    expect(await send()).toMatchObject({ status: 1, stderr: expect.stringContaining('[E_BUCKET_TLS]') })
    expect(await send('--ca-file', certificate)).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/sent \d+ files to s3:\/\/archive\/connects\n$/),
    })
  })

  test('has hostile host names as data (SEC-153)', async () => {
    const server = await startFoundS3()
    const hosts = ['../../etc', 'a/b=c %41\n\x1b"\u{1f986}', `' OR 1=1 --`, '']
    await sendArchive(hosts.map((host, seed) => makeHardTrace({ host, seed, count: 20 })))
    for (const name of server.files()) expect(name).not.toMatch(/^(?!connects)/)
    const { rows } = queryClickhouse(
      `SELECT DISTINCT host FROM s3(${server.clickhouse('connects/**/*.parquet')}) SETTINGS use_hive_partitioning = 0`,
    )
    expect(rows.map(([host]) => host).toSorted()).toEqual(hosts.toSorted())
  })

  test('leaves nothing on this host, also when it fails', async () => {
    const server = await startS3()
    const directory = makeTemporaryDirectory()
    const send = async (env: Readonly<Record<string, string>>) => {
      const temporary = join(directory, 'tmp')
      mkdirSync(temporary, { recursive: true })
      const words = ['export', makeHardTrace({ count: 50 }), ...WORDS, '-o', `s3://${BUCKET}/connects`]
      const finished = await runTool(words, { env: { ...env, TMPDIR: temporary }, cwd: directory })
      expect(readdirSync(directory)).toEqual([basename(temporary)])
      expect(readdirSync(temporary)).toEqual([])
      return finished
    }
    expect(await send(server.environment)).toMatchObject({ status: 0 })
    const wrong = await send({ ...environmentOf(server.url, 'a wrong secret'), AWS_ACCESS_KEY_ID: 'ANOTHER' })
    expect(wrong).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('[E_BUCKET_CREDENTIALS]') })
    expect(wrong.stderr).not.toContain('a wrong secret')
  })

  test('without credentials, or into a bucket that does not exist, is refused with a hint', async () => {
    const server = await startS3()
    const send = (place: string, env: Readonly<Record<string, string>>) =>
      runTool(['export', makeHardTrace({ count: 50 }), ...WORDS, '-o', place], { env })
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...without } = server.environment
    const none = await send(`s3://${BUCKET}/connects`, { ...without, ...NO_FILES })
    expect(none).toMatchObject({ status: 1, stderr: expect.stringContaining('[E_BUCKET_CREDENTIALS]') })
    expect(none.stderr).toContain('hint: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE')
    const missing = await send('s3://missing/connects', server.environment)
    expect(missing).toMatchObject({ status: 1, stderr: expect.stringContaining('[E_NO_BUCKET]') })
    expect(server.files()).toEqual([])
  })

  test('reports that nothing matched', async () => {
    const server = await startS3()
    const words = ['export', makeHardTrace(), ...WORDS, '--comm', 'nobody', '-o', `s3://${BUCKET}/connects`]
    const { stderr } = await runTool(words, { env: server.environment })
    expect(stderr).toContain('no attempts match: nothing was sent\n')
    expect(server.files()).toEqual([])
  })

  test.each([{ format: 'csv' }, { partition: undefined }])('is refused with %j', async (wrong) => {
    const options = { ...PARTITIONED, output: `s3://${BUCKET}/x`, ...wrong } as ExportOptions
    await expect(exportTrace([makeHardTrace()], options)).rejects.toMatchObject({ code: 'E_USAGE' })
  })

  test('with a key in the place is refused without showing it (SEC-150)', async () => {
    for (const more of [WORDS, ['--format', 'csv']]) {
      const { status, stderr } = await runTool(['export', makeHardTrace(), ...more, '-o', 's3://KEY:hidden@archive/x'])
      expect(status).toBe(2)
      expect(stderr).not.toContain('hidden')
    }
  })
})
