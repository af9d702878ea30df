import { UsageError } from '../base/errors.js'

/** A place in an S3 bucket, as `s3://BUCKET/PREFIX` names it. */
export interface Location {
  readonly bucket: string
  /** Without a slash at its ends; empty: the whole bucket */
  readonly prefix: string
}

const SCHEME = 's3://'
const FORM = 's3://BUCKET/PREFIX'
/** Also the names of buckets that are older than today's rules */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/
/** Longest key, in bytes */
const MAX_KEY_BYTES = 1024
/** Of the keys below a prefix: host=…/date=…/SESSION-FIRST-LAST-SELECTION-unfinished.parquet */
const MAX_NAME_BYTES = 400

export function isLocation(text: string): boolean {
  return text.toLowerCase().startsWith(SCHEME)
}

/**
 * Parses a place in a bucket. Errors do not show what may be a key or a password.
 * @param option that has it
 * @throws UsageError
 */
export function parseLocation(option: string, text: string): Location {
  const [bucket = '', ...rest] = text.slice(SCHEME.length).split('/')
  const prefix = rest.join('/').replace(/^\/+|\/+$/g, '')
  const refuse = (reason: string, shown = text) => new UsageError(option, shown, `${FORM}: ${reason}`)
  if (bucket.includes('@') || bucket.includes(':')) {
    const reason = 'keys on a command line are visible to all users of the host, so they come from the environment'
    throw refuse(`${reason}, and so does the endpoint: AWS_ENDPOINT_URL_S3`, `${SCHEME}…`)
  }
  if (!text.startsWith(SCHEME)) throw refuse('the scheme is s3')
  if (!BUCKET.test(bucket)) {
    throw refuse('BUCKET has 3 to 255 letters, digits, dots, hyphens and underscores; a letter or digit is at each end')
  }
  if (Buffer.byteLength(prefix) > MAX_KEY_BYTES - MAX_NAME_BYTES) throw refuse('PREFIX is too long')
  return { bucket, prefix }
}

/** As users type it. */
export function formatLocation({ bucket, prefix }: Location): string {
  return `${SCHEME}${bucket}${prefix === '' ? '' : `/${prefix}`}`
}
