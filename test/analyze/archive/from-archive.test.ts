import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { exportTrace } from '../../../src/analyze/export/export-trace.js'
import { OUTCOMES } from '../../../src/attempt/outcome.js'
import { collectRemoteReport, collectReport } from '../../../src/analyze/report/collect-report.js'
import type { ReportSide } from '../../../src/analyze/report/report-data.js'
import { BUCKET, startS3 } from '../../engines/s3.js'
import { mount } from '../../support/mount.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { makeHardTrace } from '../export/hard-trace.js'
import { makeGeneratedTrace } from '../oracle/generated-trace.js'
import { makeSampleTrace } from '../sample-trace.js'
import { answer } from '../remote/answer.js'
import { addForger, makeArchive, sendArchive, startFoundS3, withoutSums } from './archives.js'

beforeEach(() => {
  onTestFinished(() => void vi.unstubAllEnvs())
})

/** Names of the files of a data set. */
function partsOf(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.parquet')).toSorted()
}

const errorOf = async (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  (await runTool(['analyze', ...words], { env })).stderr

describe('with --from a data set', () => {
  test('export, replay and report write what they write of the traces', async () => {
    const files = [makeHardTrace({ host: 'a "host"', count: 600 }), makeGeneratedTrace(600)] as const
    const place = await makeArchive(files)
    const directory = makeTemporaryDirectory()
    const options = { format: 'jsonl', quiet: true } as const
    await exportTrace(files, { ...options, session: 'all', output: join(directory, 'local.jsonl') })
    await exportTrace([], { ...options, from: place, output: join(directory, 'archive.jsonl') })
    const [local = [], archive = []] = ['local', 'archive'].map((name) =>
      readFileSync(join(directory, `${name}.jsonl`), 'utf8').split('\n'),
    )
    const different = archive.findIndex((line, i) => line !== local[i])
    expect(archive[different]).toBe(local[different])
    expect(archive).toHaveLength(local.length)
    expect(local.length).toBeGreaterThan(1000)

    // A data set of a data set has the same files.
    const again = await makeArchive([], { from: place })
    expect(partsOf(again)).toEqual(partsOf(place))

    const view = ['-t', '-U', '--dns', '--outcome=failed']
    const shown = await runTool(['replay', ...view, '--host', 'a "host"', '--from', place])
    expect(shown.stdout).toBe((await runTool(['replay', ...view, files[0], '--session', 'all'])).stdout)
    expect(shown.stdout.split('\n').length).toBeGreaterThan(50)

    const page = await collectRemoteReport({ from: place, host: ['web-1'] })
    const expected = collectReport([`${withoutSums(files[1])}@all`], {})
    // Lines name sessions by their UUIDs, and lookups are missing.
    const numbersOf = ({ tables, facts: _, warnings: __, notes: ___, name: ____, ...rest }: ReportSide) => {
      const known = tables.filter(({ id }) => id !== 'dns')
      return { ...rest, tables: known.map((table) => ({ ...table, notes: [] })) }
    }
    expect(numbersOf(page.sides[0]!)).toEqual(numbersOf(expected.sides[0]!))
    expect(JSON.stringify(page.sides[0]!.warnings)).toContain('DNS lookups were recorded, but')
  })

  test('losses, completeness and missing lookups are reported as for the traces', async () => {
    const file = makeGeneratedTrace(600)
    const place = await makeArchive([file])
    const linesOf = (text: string) => text.split('\n').filter((line) => /LOST|session|not seen|names may/.test(line))
    const local = await runTool(['analyze', 'summary', file, '--session', 'all'])
    const archive = await runTool(['analyze', 'summary', '--from', place])
    const named = (line: string) =>
      line.replace(/web-1 session [0-9a-f-]{36}/, 'session N').replace(/session \d/, 'session N')
    expect(linesOf(archive.stdout).map(named)).toEqual(linesOf(local.stdout).map(named))
    expect(archive.stdout).toContain('LOST 10 attempts')
    expect(archive.stdout).toContain('lookups are not in the data set')
    const data = await runTool(['analyze', 'summary', '--from', place, '--format', 'csv'])
    expect(data.stderr).toContain('DNS lookups were recorded, but a data set of Parquet files does not have them\n')
  })

  test('attempts that no file has are reported first', async () => {
    const place = await makeArchive([makeGeneratedTrace(600)], { partition: 'host' })
    const [first = ''] = partsOf(place)
    const [, from = '', to = ''] = /-(\d+)-(\d+)\.parquet$/.exec(first) ?? []
    // Not all files of a session: as if an export had been interrupted while recording.
    const sessions = partsOf(place).length
    rmSync(join(place, first))
    const { stdout } = await runTool(['analyze', 'latency', '--from', place])
    expect(sessions).toBe(3)
    expect(Number(to) - Number(from)).toBeGreaterThan(100)
    expect(stdout).not.toContain('are not in the data set')

    const parts = await makeArchive([makeHardTrace()])
    const inDays = partsOf(parts)
    rmSync(join(parts, inDays[0] as string))
    const lacking = await runTool(['analyze', 'latency', '--from', parts])
    expect(lacking.stdout).toMatch(/attempts? of \d sessions? are not in the data set: not exported, or removed/)

    const selected = await makeArchive([makeGeneratedTrace(600)], { outcome: ['failed'] })
    const filtered = await runTool(['analyze', 'latency', '--from', selected])
    expect(filtered.stdout).toContain(
      '3 sessions exported with filters or times: other attempts are not in the data set',
    )
  })

  test('attempts that several files have count once', async () => {
    const file = makeGeneratedTrace(600)
    const place = await makeArchive([file])
    const words = ['summary', '--from', place]
    const expected = await answer(words)
    const more = await makeArchive([file], { port: ['443'] })
    for (const name of partsOf(more)) {
      mkdirSync(dirname(join(place, name)), { recursive: true })
      copyFileSync(join(more, name), join(place, name))
    }
    expect(partsOf(place).length).toBeGreaterThan(partsOf(more).length)
    expect(await answer(words)).toBe(expected)
  })

  test('the state after the end of a recording replaces the one of an export before', async () => {
    const server = await startFoundS3()
    const trace = makeSampleTrace({ batches: [[{}, {}]] })
    trace.db.pragma('journal_mode = DELETE')
    trace.db.close()
    const unfinished = join(makeTemporaryDirectory(), 'trace.db')
    copyFileSync(trace.file, unfinished)
    const db = new Database(unfinished)
    db.exec('UPDATE session SET duration_ns = NULL')
    db.prepare('UPDATE connect_attempt SET outcome = ?').run(OUTCOMES.indexOf('pending'))
    db.close()
    const fileNames = () => server.files().filter((name) => name.endsWith('parquet._S3rver_object'))
    const ask = async (place: string) => {
      const words = ['export', '--format', 'jsonl', '--from', place]
      const { stdout, stderr } = await runTool(words, { env: server.environment })
      const rows = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { outcome: string })
      return { outcomes: rows.map(({ outcome }) => outcome), stderr }
    }

    const place = await sendArchive([unfinished])
    const before = await ask(place)
    expect(fileNames()).toEqual([expect.stringMatching(/-1-2-unfinished\.parquet/)])
    expect(before.outcomes).toEqual(['pending', 'pending'])
    expect(before.stderr).toContain('no end yet: still recording, or an unclean shutdown')
    await sendArchive([trace.file])
    expect(fileNames()).toEqual([
      expect.stringMatching(/-1-2-unfinished\.parquet/),
      expect.stringMatching(/-1-2\.parquet/),
    ])
    const after = await ask(place)
    expect(after.outcomes).toEqual(['established', 'established'])
    expect(after.stderr).not.toContain('no end yet')
    expect(JSON.parse(await answer(['summary', '--from', place]))).toMatchObject([{ sessions: 1, attempts: 2 }])
    // Also if the states are sent in another order.
    await sendArchive([trace.file], 'other')
    const other = await sendArchive([unfinished], 'other')
    expect(await answer(['summary', '--from', other])).toBe(await answer(['summary', '--from', place]))
  })

  test('only files of the hosts and days are fetched from a bucket', async () => {
    const server = await startFoundS3()
    const place = await sendArchive([
      makeHardTrace({ host: 'web1', count: 50 }),
      makeHardTrace({ host: 'web2', seed: 2 }),
    ])
    // Damaged files show which ones are read.
    const words = ['summary', '--host', 'web1', '--from', place]
    const expected = await answer(words)
    const isOf = (name: string, text: string) => name.includes(text) && name.endsWith('object')
    for (const name of server.files().filter((one) => isOf(one, 'host=web2'))) server.damage(name)
    expect(await answer(words)).toBe(expected)
    await expect(answer(['summary', '--from', place])).rejects.toMatchObject({ code: 'E_ARCHIVE_DAMAGED' })
    const day = ['--since', '2023-11-14T00:00:00Z', '--until', '2023-11-15T00:00:00Z']
    const ofDay = await answer([...words, ...day])
    for (const name of server.files().filter((one) => isOf(one, 'date=') && !one.includes('date=2023-11-14'))) {
      server.damage(name)
    }
    expect(await answer([...words, ...day])).toBe(ofDay)
    await expect(answer(words)).rejects.toMatchObject({ code: 'E_ARCHIVE_DAMAGED' })
  })

  test('names of hosts and files are data (SEC-153)', async () => {
    const host = `it's "x"; DROP TABLE session; --`
    const place = await makeArchive([makeHardTrace({ host, count: 50 })])
    const named = join(makeTemporaryDirectory(), `a 'set' $path`)
    mkdirSync(named)
    for (const name of partsOf(place)) {
      mkdirSync(dirname(join(named, name)), { recursive: true })
      copyFileSync(join(place, name), join(named, name))
    }
    const words = ['--host', host, '--comm', `'; DROP TABLE`]
    const hosts = JSON.parse(await answer(['summary', '--host', host, '--from', named])) as { hosts: string }[]
    expect(hosts[0]?.hosts).toContain(host)
    expect(JSON.parse(await answer(['slowest', ...words, '--from', named]))).toEqual([])
  })

  test('characters of patterns in a name of a directory are data', async () => {
    const file = makeHardTrace({ count: 50 })
    const place = await makeArchive([file])
    const expected = await answer(['summary', '--from', place])
    const parent = makeTemporaryDirectory()
    // Each of the others would be read too, or instead.
    for (const name of ['a?c', 'abc', 'a*c', 'a[b]c', '**', '[!x]', 'a\\[b', 'a\\*{x,y}', '[']) {
      const directory = join(parent, name)
      cpSync(place, directory, { recursive: true })
      expect(await answer(['summary', '--from', directory])).toBe(expected)
    }
    const temporary = join(parent, 't?*[x]')
    mkdirSync(temporary)
    const links = [join(parent, 'temporary'), join(parent, 'set')] as const
    symlinkSync(temporary, links[0])
    symlinkSync(join(parent, 'a?c'), links[1])
    const words = ['analyze', 'summary', '--format', 'json', '--from']
    for (const [from, TMPDIR] of [[join(parent, 'a?c'), temporary], links.toReversed()] as [string, string][]) {
      const { status, stdout, stderr } = await runTool([...words, from], { env: { TMPDIR } })
      expect({ status, stdout, stderr }).toMatchObject({ status: 0 })
      expect(JSON.parse(stdout)).toEqual(JSON.parse(expected))
    }
  })

  test('sessions that two hosts have are left out, and the hint is about an archive', async () => {
    const place = await makeArchive([makeHardTrace({ count: 50 })])
    await addForger(place)
    await expect(answer(['summary', '--from', place])).rejects.toMatchObject({
      code: 'E_FLEET_INCOMPLETE',
      reason: expect.stringMatching(/2 hosts have it, and all but one forged it: forger, host$/) as string,
      hint: 'export its trace again, or select other hosts; if it is forged, check who may write into the archive',
    })
    await expect(answer(['summary', '--host', 'host', '--from', place])).resolves.toContain('attempts')
  })

  test('each fault has an error of its own', async () => {
    const place = await makeArchive([makeGeneratedTrace(300)])
    const [first = '', second = ''] = partsOf(place)
    const empty = makeTemporaryDirectory()
    expect(await errorOf(['summary', '--from', empty])).toContain('[E_ARCHIVE_EMPTY]')
    expect(await errorOf(['summary', '--from', join(empty, 'none')])).toContain('[E_NO_SUCH_FILE]')
    expect(await errorOf(['summary', '--from', join(place, first)])).toMatch(/E_NO_SUCH_FILE(.|\n)*not a directory/)
    expect(await errorOf(['summary', '--from', place, '--host', 'web-2'])).toMatch(
      /E_FLEET_NO_HOST(.|\n)*did you mean web-1/,
    )
    expect(await errorOf(['summary', '--from', place, '--since', '2040-01-01'])).toContain('[E_FLEET_NO_DATA]')
    expect(await errorOf(['summary', '--from', place, '--session', '1'])).toContain('[E_USAGE]')
    expect(await errorOf(['summary', '--from', place, '--ca-file', 'x'])).toMatch(
      /E_USAGE(.|\n)*only with a server or a bucket/,
    )
    expect(await errorOf(['summary', '--from', place, '--password-file', 'x'])).toContain('[E_USAGE]')
    expect(await errorOf(['summary', '--from', 'ftp://example.com/x'])).toContain('[E_USAGE]')
    expect(await errorOf(['dns', '--from', place])).toContain('[E_ARCHIVE_NO_LOOKUPS]')

    const plain = join(makeTemporaryDirectory(), 'plain.parquet')
    await exportTrace([makeGeneratedTrace(50)], { format: 'parquet', output: plain, quiet: true })
    expect(await errorOf(['summary', '--from', dirname(plain)])).toContain('[E_ARCHIVE_FOREIGN]')
    copyFileSync(plain, join(place, second))
    expect(await errorOf(['summary', '--from', place])).toMatch(/E_ARCHIVE_FOREIGN(.|\n)*tcpconn.archive/)
    copyFileSync(join(place, first), join(place, second))
    expect(await errorOf(['summary', '--from', place])).toContain('[E_ARCHIVE_DAMAGED]')
    rmSync(join(place, second))
    truncateSync(join(place, first), 1000)
    expect(await errorOf(['summary', '--from', place])).toMatch(new RegExp(`error: ${first}.*E_ARCHIVE_DAMAGED`))
    writeFileSync(join(place, first), '')
    expect(await errorOf(['summary', '--from', place])).toContain('[E_ARCHIVE_DAMAGED]')
  })

  test('a bucket that is away, empty, or forbidden has an error of its own', async () => {
    const server = await startS3()
    const words = ['summary', '--from', `s3://${BUCKET}/nothing`]
    expect(await errorOf(words, server.environment)).toContain('[E_ARCHIVE_EMPTY]')
    const wrong = await errorOf(words, {
      ...server.environment,
      AWS_ACCESS_KEY_ID: 'ANOTHER',
      AWS_SECRET_ACCESS_KEY: 'a wrong secret',
    })
    expect(wrong).toContain('[E_BUCKET_CREDENTIALS]')
    expect(wrong).not.toContain('a wrong secret')
    expect(await errorOf(['summary', '--from', 's3://missing/x'], server.environment)).toContain('[E_NO_BUCKET]')
    await server.kill()
    expect(await errorOf(words, server.environment)).toContain('[E_BUCKET_UNREACHABLE]')
  })

  test('without DuckDB the error names the package and the command that installs it', async () => {
    const place = await makeArchive([makeGeneratedTrace(50)])
    const stderr = await errorOf(['summary', '--from', place], { NODE_PATH: '' })
    expect(stderr).toContain(
      'error: reading a data set of Parquet files needs the package @duckdb/node-api [E_NO_DUCKDB]',
    )
    expect(stderr).toContain('hint: npm install --global @duckdb/node-api')
  })

  test('nothing is left in the temporary directory', async () => {
    const place = await makeArchive([makeGeneratedTrace(50)])
    const temporary = makeTemporaryDirectory()
    const ask = (...words: string[]) => runTool(['analyze', ...words, '--from', place], { env: { TMPDIR: temporary } })
    expect(await ask('summary')).toMatchObject({ status: 0 })
    expect(await ask('dns')).toMatchObject({ status: 1 })
    expect(readdirSync(temporary)).toEqual([])
  })

  test('a session without attempts has no file, and one attempt is enough', async () => {
    const trace = makeSampleTrace({ batches: [] }, { batches: [[{}]] })
    trace.db.pragma('journal_mode = DELETE')
    trace.db.close()
    const place = await makeArchive([trace.file])
    expect(JSON.parse(await answer(['summary', '--from', place]))).toMatchObject([{ sessions: 1, attempts: 1 }])
  })
})

describe.runIf(process.getuid?.() === 0)('a full $TMPDIR (only root can mount one)', () => {
  test('is reported as such', async () => {
    await startFoundS3()
    const file = makeGeneratedTrace(600)
    const places = [await makeArchive([file]), await sendArchive([file])]
    const temporary = makeTemporaryDirectory()
    mount(temporary, ['-t', 'tmpfs', '-o', 'size=2m', 'none'])
    vi.stubEnv('TMPDIR', temporary)
    const codeOf = (place: string) =>
      collectRemoteReport({ from: place }).then(
        () => null,
        (error: unknown) => (error as { code?: string }).code ?? String(error),
      )
    const { bavail, bsize } = statfsSync(temporary)
    const filler = join(temporary, 'filler')
    const codes: (string | null)[] = []
    for (const place of places) {
      for (const roomKib of [0, 40, 80, 120, 160, 180, 200, 300, 1700]) {
        writeFileSync(filler, Buffer.alloc(bavail * bsize - roomKib * 1024))
        codes.push(await codeOf(place))
        expect(readdirSync(temporary)).toEqual(['filler'])
      }
    }
    expect(new Set(codes)).toEqual(new Set(['E_DISK_FULL', null]))
  })
})
