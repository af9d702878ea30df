import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { connectStore, type StoreOptions } from '../../src/s3/connect-store.js'
import { createClient } from '../../src/s3/create-client.js'
import { environmentOf, NO_FILES } from '../engines/s3.js'
import { makeTemporaryDirectory } from '../support/temporary-directory.js'

const SECRET = 'a secret/key+'
const TOKEN = 'a session token'
const LOCATION = { bucket: 'archive', prefix: 'connects' }

type Answer = readonly [status: number, body?: string]

/** An endpoint that gives these answers, by method; the last one is repeated. */
async function startEndpoint(answers: Readonly<Record<string, readonly Answer[]>>) {
  const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = []
  const counts = new Map<string, number>()
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')))
    request.on('end', () => {
      const method = request.method ?? ''
      seen.push({ method, url: request.url ?? '', headers: request.headers, body })
      const own = answers[method] ?? [[500]]
      const number = counts.get(method) ?? 0
      counts.set(method, number + 1)
      const [status, text = ''] = own[Math.min(number, own.length - 1)] as Answer
      response.writeHead(status, { 'Content-Type': 'application/xml' }).end(method === 'HEAD' ? '' : text)
    })
  })
  return { seen, url: `http://127.0.0.1:${await listen(server)}` }
}

async function listen(server: ReturnType<typeof createServer>, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** A store, and the pauses that it made. */
function connect(url: string, options: StoreOptions = {}) {
  for (const [name, value] of Object.entries({ ...environmentOf(url, SECRET), AWS_SESSION_TOKEN: TOKEN }))
    vi.stubEnv(name, value)
  const pauses: number[] = []
  const wait = (milliseconds: number) => Promise.resolve(pauses.push(milliseconds))
  const store = connectStore(LOCATION, { wait, random: () => 1, ...options })
  onTestFinished(store.close)
  return { store, pauses }
}

function makeFile(text = 'PAR1 made up PAR1'): string {
  const path = join(makeTemporaryDirectory(), 'part')
  writeFileSync(path, text)
  return path
}

const errorOf = (code: string, message = 'made up') =>
  `<Error><Code>${code}</Code><Message>${message}</Message></Error>`

beforeEach(() => {
  onTestFinished(() => void vi.unstubAllEnvs())
})

describe('an object', () => {
  test('is sent only if there is none of its name (SEC-152)', async () => {
    const { seen, url } = await startEndpoint({ HEAD: [[404]], PUT: [[200]] })
    expect(await connect(url).store.send('host=a%2Fb/date=2026-01-31/x.parquet', makeFile('some bytes'))).toBe('sent')
    expect(seen.map(({ method }) => method)).toEqual(['HEAD', 'PUT'])
    expect(seen[1]).toMatchObject({
      url: expect.stringContaining('/archive/connects/host%3Da%252Fb/date%3D2026-01-31/x.parquet'),
      headers: { 'if-none-match': '*', 'content-length': '10' },
      body: 'some bytes',
    })
  })

  test.each([
    ['that is there', { HEAD: [[200]] }, ['HEAD']],
    ['that appeared meanwhile', { HEAD: [[404]], PUT: [[412, errorOf('PreconditionFailed')]] }, ['HEAD', 'PUT']],
    ['that a user who may only write cannot see', { HEAD: [[403]], PUT: [[412]] }, ['HEAD', 'PUT']],
  ] as const)('%s stays as it is (SEC-152)', async (_, answers, methods) => {
    const { seen, url } = await startEndpoint(answers)
    expect(await connect(url).store.send('x.parquet', makeFile())).toBe('present')
    expect(seen.map(({ method }) => method)).toEqual(methods)
  })

  test('is sent without the condition to an endpoint that does not know it', async () => {
    const { seen, url } = await startEndpoint({ HEAD: [[404]], PUT: [[501, errorOf('NotImplemented')], [200]] })
    expect(await connect(url).store.send('x.parquet', makeFile('bytes'))).toBe('sent')
    expect(seen.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '*', undefined])
    expect(seen.at(-1)?.body).toBe('bytes')
  })

  test('is sent again, whole, with longer and longer pauses', async () => {
    const { seen, url } = await startEndpoint({ HEAD: [[404]], PUT: [[503, errorOf('SlowDown')], [500], [429], [200]] })
    const { store, pauses } = connect(url)
    expect(await store.send('x.parquet', makeFile('whole'))).toBe('sent')
    expect(seen.slice(1).map(({ body }) => body)).toEqual(['whole', 'whole', 'whole', 'whole'])
    expect(pauses).toEqual([500, 1000, 2000])
  })

  test('whose answer was lost was sent', async () => {
    const { url } = await startEndpoint({ HEAD: [[404]], PUT: [[500], [412]] })
    expect(await connect(url).store.send('x.parquet', makeFile())).toBe('sent')
  })
})

describe('an endpoint', () => {
  test.each([
    ['has no time', [503, errorOf('SlowDown')], 'E_BUCKET_UNREACHABLE'],
    ['refuses the key', [403, errorOf('InvalidAccessKeyId')], 'E_BUCKET_CREDENTIALS'],
    ['refuses the signature', [403, errorOf('SignatureDoesNotMatch')], 'E_BUCKET_CREDENTIALS'],
    ['refuses the token', [400, errorOf('ExpiredToken')], 'E_BUCKET_CREDENTIALS'],
    ['forbids it', [403, errorOf('AccessDenied')], 'E_BUCKET_FORBIDDEN'],
    ['has no bucket', [404, errorOf('NoSuchBucket')], 'E_NO_BUCKET'],
    ['is of another region', [301, errorOf('PermanentRedirect')], 'E_BUCKET_REGION'],
    ['is of another region than the signature', [400, errorOf('AuthorizationHeaderMalformed')], 'E_BUCKET_REGION'],
    ['has another clock', [403, errorOf('RequestTimeTooSkewed')], 'E_BUCKET_CREDENTIALS'],
    ['says something else', [400, errorOf('InvalidRequest')], 'E_BUCKET_REFUSED'],
    ['does not speak S3', [400, '<html>no</html>'], 'E_BUCKET_REFUSED'],
  ] as const)('that %s gives an error of its own', async (_, answer, code) => {
    const { seen, url } = await startEndpoint({ GET: [answer] })
    const { store, pauses } = connect(url)
    await expect(store.list().next()).rejects.toMatchObject({
      code,
      message: expect.stringContaining('s3://archive/connects'),
      reason: expect.stringMatching(/\w/),
    })
    expect(seen).toHaveLength(code === 'E_BUCKET_UNREACHABLE' ? 6 : 1)
    expect(pauses).toHaveLength(seen.length - 1)
  })

  test.each([
    ['a variable', (url: string) => ({ AWS_ENDPOINT_URL: url })],
    ['a profile', (url: string) => ({ AWS_CONFIG_FILE: makeFile(`[default]\nendpoint_url = ${url}\n`) })],
    [
      'a section of services',
      (url: string) => ({
        AWS_CONFIG_FILE: makeFile(`[default]\nservices = own\n[services own]\ns3 =\n  endpoint_url = ${url}\n`),
      }),
    ],
  ])('that %s names gets the bucket in the path', async (_, name) => {
    const { seen, url } = await startEndpoint({ GET: [[200, '<ListBucketResult/>']] })
    // A bucket cannot be a part of an address, but of this name.
    const named = url.replace('127.0.0.1', 'localhost')
    const { store } = connect('')
    vi.stubEnv('AWS_ENDPOINT_URL_S3', undefined)
    for (const [variable, value] of Object.entries(name(named))) vi.stubEnv(variable, value)
    expect(await store.list().next()).toMatchObject({ done: true })
    expect(seen).toMatchObject([
      { url: expect.stringMatching(/^\/archive\/?\?/), headers: { host: new URL(named).host } },
    ])
  })

  test.each([
    ['archive', 'archive.s3.us-east-1.amazonaws.com'],
    // Its certificate has no names with more dots.
    ['my.archive', 's3.us-east-1.amazonaws.com'],
  ])('of AWS gets the bucket %s as the host %s', async (bucket, host) => {
    const environment = environmentOf('', SECRET)
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value || undefined)
    const client = createClient(null, environment)
    onTestFinished(() => client.destroy())
    const hosts: string[] = []
    const stop = ({ request }: { request: unknown }) => {
      hosts.push((request as { hostname: string }).hostname)
      throw new Error('nothing is sent')
    }
    client.middlewareStack.add(() => stop, { step: 'finalizeRequest' })
    await expect(client.send(new ListObjectsV2Command({ Bucket: bucket }))).rejects.toThrow('nothing is sent')
    expect(hosts).toEqual([host])
  })

  test('that is down is tried several times', async () => {
    const { store, pauses } = connect('http://127.0.0.1:9')
    await expect(store.list().next()).rejects.toMatchObject({ code: 'E_BUCKET_UNREACHABLE' })
    expect(pauses).toHaveLength(5)
  })

  test('that repeats secrets does not get them into an error (SEC-150)', async () => {
    const { seen, url } = await startEndpoint({
      GET: [[400, errorOf('InvalidRequest', `your key ${SECRET}, token ${TOKEN}`)]],
    })
    const failure = connect(url).store.list().next()
    await expect(failure).rejects.toMatchObject({ reason: expect.stringContaining('your key …, token …') })
    expect(seen[0]?.headers['x-amz-security-token']).toBe(TOKEN)
    expect(JSON.stringify(seen)).not.toContain(SECRET)
  })

  test('needs credentials', async () => {
    const { seen, url } = await startEndpoint({})
    const { store } = connect(url)
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) vi.stubEnv(name, undefined)
    await expect(store.list().next()).rejects.toMatchObject({
      code: 'E_BUCKET_CREDENTIALS',
      hint: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    })
    expect(seen).toEqual([])
  })

  test('is listed to its end', async () => {
    const page = (keys: readonly string[], token: string) =>
      `<ListBucketResult>${keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('')}
       <IsTruncated>${token !== ''}</IsTruncated>${token === '' ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`}</ListBucketResult>`
    const { seen, url } = await startEndpoint({
      GET: [
        [200, page(['connects/a&amp;b', 'other'], 'next')],
        [200, page(['connects/../c'], '')],
      ],
    })
    const names: string[] = []
    for await (const name of connect(url).store.list()) names.push(name)
    expect(names).toEqual(['a&b', '../c'])
    expect(seen.map((one) => /continuation-token=(\w+)/.exec(one.url)?.[1])).toEqual([undefined, 'next'])
    expect(seen[0]?.url).toContain('prefix=connects%2F')
  })
})

describe('TLS', () => {
  /** An endpoint with a certificate of its own. */
  async function startEncrypted() {
    const directory = makeTemporaryDirectory()
    const [key, certificate] = [join(directory, 'key'), join(directory, 'certificate')]
    const subject = ['-subj', '/CN=archive', '-addext', 'subjectAltName=IP:127.0.0.1']
    const self = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    execFileSync('openssl', [...self, '-keyout', key, '-out', certificate, ...subject], { stdio: 'ignore' })
    const answer: RequestListener = (_, response) => {
      response.end('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>')
    }
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, answer)
    return { certificate, url: `https://127.0.0.1:${await listen(server)}` }
  }

  test('the certificate is checked, with --ca-file (SEC-151)', async () => {
    const { certificate, url } = await startEncrypted()
    expect(await connect(url, { caFile: certificate }).store.list().next()).toMatchObject({ done: true })
    await expect(connect(url).store.list().next()).rejects.toMatchObject({ code: 'E_BUCKET_TLS' })
    const other = (await startEncrypted()).certificate
    await expect(connect(url, { caFile: other }).store.list().next()).rejects.toMatchObject({ code: 'E_BUCKET_TLS' })
  })

  test('off loopback, and with --ca-file, nothing is sent without TLS (SEC-151)', async () => {
    const seen: string[] = []
    const server = createServer((request) => void seen.push(request.url ?? ''))
    const port = await listen(server, '0.0.0.0')
    // An address of this host that is not a loopback address by its text.
    const own = Object.values(networkInterfaces())
      .flatMap((all) => all ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
    const hosts = ['127.example.com', '0.0.0.0', ...(own === undefined ? [] : [own])]
    for (const host of hosts) {
      await expect(connect(`http://${host}:${port}`).store.list().next()).rejects.toMatchObject({
        code: 'E_BUCKET_TLS',
        reason: expect.stringContaining(`http://${host}`),
      })
    }
    const { certificate } = await startEncrypted()
    const plain = connect(`http://127.0.0.1:${port}`, { caFile: certificate })
    await expect(plain.store.list().next()).rejects.toMatchObject({ code: 'E_BUCKET_TLS' })
    expect(seen).toEqual([])
  })

  test('certificates that cannot be read are reported', () => {
    expect(() => connectStore(LOCATION, { caFile: '/nowhere/ca.pem', environment: NO_FILES })).toThrow(
      expect.objectContaining({ code: 'E_CANNOT_OPEN' }),
    )
  })
})
