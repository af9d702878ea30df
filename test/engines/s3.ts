import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { findFreePort } from '../support/free-port.js'

const require = createRequire(import.meta.url)
const PROGRAM = require.resolve('s3rver/bin/s3rver.js')
export const BUCKET = 'archive'
/** The account that the program has. */
const KEY = 'S3RVER'

/** An S3 endpoint in a process of its own, on loopback, with one bucket. */
export interface S3Server {
  readonly url: string
  /** Variables that the tool and other programs find it by */
  readonly environment: Readonly<Record<string, string>>
  /** Arguments of ClickHouse's s3() for objects whose names match a pattern */
  clickhouse(pattern: string): string
  /** Files in the directory of the bucket */
  files(): string[]
  /** Cuts off a file of the bucket */
  damage(name: string): void
  /** SIGKILL */
  kill(): Promise<void>
}

/** Variables for any endpoint. Without them the client could read the files of who runs the tests, or ask the cloud. */
export function environmentOf(url: string, secret = KEY): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_S3: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: KEY,
    AWS_SECRET_ACCESS_KEY: secret,
    ...NO_FILES,
  }
}

export const NO_FILES = {
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
}

/** Starts an endpoint that ends with the test. */
export async function startS3(): Promise<S3Server> {
  const directory = mkdtempSync(join(tmpdir(), 'tcpconn-s3-'))
  const port = await findFreePort()
  const options = ['-a', '127.0.0.1', '-p', String(port), '-d', directory, '--configure-bucket', BUCKET]
  const child = spawn(process.execPath, [PROGRAM, ...options], { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()))
  const isGone = new Promise((resolve) => child.once('exit', resolve))
  const kill = async () => {
    child.kill('SIGKILL')
    await isGone
  }
  onTestFinished(async () => {
    await kill()
    rmSync(directory, { recursive: true, force: true })
  })
  const url = `http://127.0.0.1:${port}`
  while (!(await answers(url))) {
    if (child.exitCode !== null) throw new Error(`s3rver ended: ${errors}`)
    await setTimeout(50)
  }
  const root = join(directory, BUCKET)
  return {
    url,
    environment: environmentOf(url),
    clickhouse: (pattern) => `'${url}/${BUCKET}/${pattern}', '${KEY}', '${KEY}', 'Parquet'`,
    files: () => (existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted() : []),
    damage: (name) => truncateSync(join(root, name), 100),
    kill,
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).status > 0
  } catch {
    return false
  }
}
