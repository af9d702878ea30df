import { createReadStream, createWriteStream, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3'
import { readAuthorities } from '../options/read-authorities.js'
import { createClient, secretsOf } from './create-client.js'
import { formatLocation, type Location } from './parse-location.js'
import { retry, type RetryOptions } from './retry.js'
import { statusOf, storeFault } from './store-fault.js'

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

  return {
    place,
    async *list() {
      let token: string | null = null
      do {
        const page: ListObjectsV2CommandOutput = await guard(readPage(client, location.bucket, root, token))
        for (const { Key } of page.Contents ?? []) if (Key?.startsWith(root)) yield Key.slice(root.length)
        token = (page.IsTruncated ? page.NextContinuationToken : null) ?? null
      } while (token !== null)
    },
    async send(name, path) {
      const presence = await guard(() => findPresence(client, target(name)))
      if (presence === 'present') return 'present'
      let isConditional = true
      return await guard(async (failures) => {
        try {
          await put(client, target(name), path, isConditional)
          return 'sent'
        } catch (error) {
          // The answer to an earlier try may have been lost.
          if (statusOf(error) === 412) return failures > 0 ? 'sent' : 'present'
          // The endpoint does not know the condition: the first answer decides, if there was one.
          if (statusOf(error) !== 501 || !isConditional || presence === 'unknown') throw error
          isConditional = false
          await put(client, target(name), path, isConditional)
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

interface ObjectName {
  readonly Bucket: string
  readonly Key: string
}

/** `unknown`: a user that may only write gets 403, whether the object exists or not. The condition of PutObject decides then. */
async function findPresence(client: S3Client, target: ObjectName): Promise<'present' | 'absent' | 'unknown'> {
  try {
    await client.send(new HeadObjectCommand(target))
    return 'present'
  } catch (error) {
    if (statusOf(error) === 404) return 'absent'
    if (statusOf(error) === 403) return 'unknown'
    throw error
  }
}

async function put(client: S3Client, target: ObjectName, path: string, isConditional: boolean): Promise<void> {
  const body = createReadStream(path)
  try {
    const condition = isConditional ? { IfNoneMatch: '*' } : {}
    const type = { ContentType: 'application/vnd.apache.parquet', ContentLength: statSync(path).size }
    await client.send(new PutObjectCommand({ ...target, Body: body, ...type, ...condition }))
  } finally {
    body.destroy()
  }
}

/** @param token of the page before; `null`: the first page */
function readPage(client: S3Client, bucket: string, root: string, token: string | null) {
  const next = token === null ? {} : { ContinuationToken: token }
  return () => client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: root, ...next }))
}
