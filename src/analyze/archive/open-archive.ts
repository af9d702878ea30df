import { lstatSync, readdirSync, realpathSync, statSync, symlinkSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { messageOf, TcpconnError, UsageError } from '../../base/errors.js'
import { isLocation, parseLocation } from '../../s3/parse-location.js'
import { damagedFile } from './archive-fault.js'

/** Files of a data set: a directory, or objects of a bucket. */
export interface Archive {
  /** As typed */
  readonly place: string
  /** The directory that links point to, without links in its path; `null`: files are copied */
  readonly directory: string | null
  /** Names of its Parquet files, relative to the place, with `/` between their parts */
  list(): Promise<string[]>
  /**
   * Makes a file readable under a path that does not exist yet.
   * @throws E_ARCHIVE_DAMAGED and the errors of the bucket
   */
  fetch(name: string, path: string): Promise<void>
  close(): void
}

export interface ArchiveOptions {
  readonly from: string
  readonly passwordFile?: string
  readonly caFile?: string
}

/**
 * @throws UsageError, E_NO_SUCH_FILE, E_CANNOT_OPEN
 */
export async function openArchive({ from, passwordFile, caFile }: ArchiveOptions): Promise<Archive> {
  if (passwordFile !== undefined) {
    throw new UsageError(
      '--password-file',
      passwordFile,
      'effect only with a server: --from clickhouse://USER@HOST/DATABASE',
    )
  }
  if (isLocation(from)) return await openBucket(from, caFile)
  if (caFile !== undefined) {
    const accepted =
      'effect only with a server or a bucket: --from clickhouse://USER@HOST/DATABASE or s3://BUCKET/PREFIX'
    throw new UsageError('--ca-file', caFile, accepted)
  }
  return openDirectory(from)
}

/** The client of S3 is large: it is loaded only now. */
async function openBucket(from: string, caFile: string | undefined): Promise<Archive> {
  const location = parseLocation('--from', from)
  const { connectStore } = await import('../../s3/connect-store.js')
  const store = connectStore(location, caFile === undefined ? {} : { caFile })
  return {
    place: store.place,
    directory: null,
    async list() {
      const names: string[] = []
      for await (const name of store.list()) if (isParquet(name)) names.push(name)
      return names.toSorted()
    },
    fetch: store.fetch,
    close: store.close,
  }
}

function openDirectory(path: string): Archive {
  requireDirectory(path)
  const directory = realpathSync(path)
  return {
    place: path,
    directory,
    list() {
      const entries = readdirSync(path, { recursive: true, withFileTypes: true })
      const files = entries.filter((entry) => entry.isFile())
      const names = files.map((entry) => relative(path, join(entry.parentPath, entry.name)).split(sep).join('/'))
      return Promise.resolve(names.filter(isParquet).toSorted())
    },
    async fetch(name, link) {
      requireRegularFile(directory, name)
      symlinkSync(join(directory, name), link)
    },
    close() {},
  }
}

/** Files and directories whose names begin with a dot are being written. */
function isParquet(name: string): boolean {
  return name.endsWith('.parquet') && !name.split('/').some((part) => part.startsWith('.'))
}

/**
 * Others may be able to write there since the files were listed.
 * @param directory without links in its path
 * @throws E_ARCHIVE_DAMAGED
 */
function requireRegularFile(directory: string, name: string): void {
  const path = join(directory, name)
  try {
    if (!lstatSync(path).isFile()) throw new Error('it was replaced by something that is not a regular file')
    if (realpathSync(path) !== path) throw new Error('one of its directories was replaced by a link')
  } catch (error) {
    throw damagedFile(name, error)
  }
}

function requireDirectory(path: string): void {
  const problem = problemOf(path)
  if (problem === null) return
  throw new TcpconnError('E_NO_SUCH_FILE', {
    what: `cannot open ${path}`,
    reason: problem,
    hint: '--from takes clickhouse://USER@HOST/DATABASE, s3://BUCKET/PREFIX, or a directory that export --partition wrote',
  })
}

function problemOf(path: string): string | null {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return 'no such directory'
    return stat.isDirectory() ? null : 'it is not a directory'
  } catch (error) {
    return messageOf(error)
  }
}
