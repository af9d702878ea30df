import { S3Client } from '@aws-sdk/client-s3'
import { isLoopback } from '../options/is-loopback.js'
import { PlainEndpoint } from './store-fault.js'

const CONNECT_MS = 10_000
/** Without a byte from the endpoint */
const ANSWER_MS = 120_000

/** The client warns on the console of streams that it does not send again, and of versions of Node. Both are ours to handle. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }
const NO_VERSION_WARNING = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'

/**
 * A client whose requests are encrypted, except to loopback addresses.
 * @param authorities certificates in PEM; `null`: those of Node
 */
export function createClient(authorities: Buffer | null, environment: NodeJS.ProcessEnv): S3Client {
  process.env[NO_VERSION_WARNING] ??= 'true'
  const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION']
  const client = new S3Client({
    ...(region === undefined ? {} : { region }),
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
  const { endpointProvider } = client.config
  // Other endpoints than those of AWS rarely have a name for each bucket. They come from a variable or a shared file.
  client.config.endpointProvider = (parameters, context) =>
    endpointProvider(
      { ...parameters, ForcePathStyle: (parameters.ForcePathStyle ?? false) || parameters.Endpoint !== undefined },
      context,
    )
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
export async function secretsOf(client: S3Client): Promise<string[]> {
  try {
    const { secretAccessKey, sessionToken } = await client.config.credentials()
    return [secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])]
  } catch {
    return []
  }
}
