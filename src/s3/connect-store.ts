import { createReadStream, createWriteStream, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { isLoopback } from '../options/is-loopback.js'
import { readAuthorities } from '../options/read-authorities.js'
import { formatLocation, type Location } from './parse-location.js'
import { retry, type RetryOptions } from './retry.js'
import { PlainEndpoint, statusOf, storeFault } from './store-fault.js'

export interface StoreOptions extends RetryOptions {
  /** File with certificates of authorities in PEM */
  readonly caFile?: string
  readonly environment?: NodeJS.ProcessEnv
}

/**
 * Objects below a prefix of an S3 bucket. Names are relative to the prefix, with `/` between their parts. All errors are TcpconnErrors
 * without secrets.
 */
export interface Store {
  /** As users type it */
  readonly place: string
  /** Names of all objects, in the order of the endpoint */
  list(): AsyncGenerator<string>
  /** Sends a file as a new object. An object that is there already stays as it is. */
  send(name: string, path: string): Promise<'sent' | 'present'>
  /** Writes an object into a new file. */
  fetch(name: string, path: string): Promise<void>
  close(): void
}

const CONNECT_MS = 10_000
/** Without a byte from the endpoint */
const ANSWER_MS = 120_000
const FILE_MODE = 0o600

/**
 * Prepares to use a bucket; nothing is sent yet. The endpoint, the region and the credentials are those of the AWS SDKs: environment
 * variables, shared files, or the role of the machine. TLS is required unless the endpoint is a loopback address.
 * @throws E_CANNOT_OPEN
 */
export function connectStore(location: Location, options: StoreOptions = {}): Store {
  const { caFile, environment = process.env } = options
  const place = formatLocation(location)
  const client = createClient(caFile === undefined ? null : readAuthorities(caFile), environment)
  const faultOf = async (error: unknown) => storeFault(place, error, await secretsOf(client))
  const guard = async <T>(run: (failures: number) => Promise<T>): Promise<T> => {
    try {
      return await retry(run, options)
    } catch (error) {
      throw await faultOf(error)
    }
  }
  const root = location.prefix === '' ? '' : `${location.prefix}/`
  const target = (name: string) => ({ Bucket: location.bucket, Key: `${root}${name}` })

  /** A user that may only write gets 403 for an object that does not exist: the condition of PutObject decides then. */
  const isPresent = async (name: string) => {
    try {
      await client.send(new HeadObjectCommand(target(name)))
      return true
    } catch (error) {
      if ([403, 404].includes(statusOf(error))) return false
      throw error
    }
  }
  const put = async (name: string, path: string, isConditional: boolean) => {
    const body = createReadStream(path)
    try {
      const condition = isConditional ? { IfNoneMatch: '*' } : {}
      const type = { ContentType: 'application/vnd.apache.parquet', ContentLength: statSync(path).size }
      await client.send(new PutObjectCommand({ ...target(name), Body: body, ...type, ...condition }))
    } finally {
      body.destroy()
    }
  }

  return {
    place,
    async *list() {
      let token: string | undefined
      do {
        const page: ListObjectsV2CommandOutput = await guard(() =>
          client.send(
            new ListObjectsV2Command({
              Bucket: location.bucket,
              Prefix: root,
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
          ),
        )
        for (const { Key } of page.Contents ?? []) if (Key?.startsWith(root)) yield Key.slice(root.length)
        token = page.IsTruncated ? page.NextContinuationToken : undefined
      } while (token !== undefined)
    },
    async send(name, path) {
      if (await guard(() => isPresent(name))) return 'present'
      let isConditional = true
      return await guard(async (failures) => {
        try {
          await put(name, path, isConditional)
          return 'sent'
        } catch (error) {
          // The answer to an earlier try may have been lost.
          if (statusOf(error) === 412) return failures > 0 ? 'sent' : 'present'
          if (statusOf(error) !== 501 || !isConditional) throw error
          // The endpoint does not know the condition.
          isConditional = false
          await put(name, path, isConditional)
          return 'sent'
        }
      })
    },
    fetch: (name, path) =>
      guard(async () => {
        const { Body } = await client.send(new GetObjectCommand(target(name)))
        await pipeline(Body as Readable, createWriteStream(path, { mode: FILE_MODE }))
      }),
    close: () => client.destroy(),
  }
}

/** The client warns on the console of streams that it does not send again, and of versions of Node. Both are ours to handle. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }
const NO_VERSION_WARNING = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'

function createClient(authorities: Buffer | null, environment: NodeJS.ProcessEnv): S3Client {
  process.env[NO_VERSION_WARNING] ??= 'true'
  const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION']
  const client = new S3Client({
    ...(region === undefined ? {} : { region }),
    // Other endpoints rarely have a name for each bucket.
    forcePathStyle: [environment['AWS_ENDPOINT_URL_S3'], environment['AWS_ENDPOINT_URL']].some(Boolean),
    // Retries are ours: a body is a stream, which the client would not send again.
    maxAttempts: 1,
    logger: SILENT,
    // Other checksums than those of TLS and signatures are not known everywhere.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: ANSWER_MS,
      httpsAgent: { keepAlive: true, ...(authorities === null ? {} : { ca: authorities }) },
      httpAgent: { keepAlive: true },
    },
  })
  client.middlewareStack.add(
    (next) => (args) => {
      requireTls(args.request as SentRequest, authorities !== null)
      return next(args)
    },
    { step: 'build', name: 'requireTls' },
  )
  return client
}

interface SentRequest {
  readonly protocol: string
  readonly hostname: string
}

/** The endpoint may come from a variable, a shared file or an answer: each request is checked. */
function requireTls({ protocol, hostname }: SentRequest, hasAuthorities: boolean): void {
  if (protocol === 'https:' || (isLoopback(hostname) && !hasAuthorities)) return
  throw new PlainEndpoint(`a request to ${protocol}//${hostname} would not be encrypted`)
}

/** What an endpoint could repeat. The secret key is never sent, but nothing is lost by looking for it. */
async function secretsOf(client: S3Client): Promise<string[]> {
  try {
    const { secretAccessKey, sessionToken } = await client.config.credentials()
    return [secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])]
  } catch {
    return []
  }
}
