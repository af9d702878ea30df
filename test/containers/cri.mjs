// A client of the Container Runtime Interface, which is gRPC: cri.mjs run NAMESPACE POD, cri.mjs remove ID. `run` prints the id.
import { connect as connectHttp } from 'node:http2'
import { connect } from 'node:net'

const SOCKET = '/run/containerd/containerd.sock'
const LENGTH_DELIMITED = 2

const varint = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)])
/** A field of a protobuf message: a text, or another message. */
const field = (number, value) => {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([(number << 3) | LENGTH_DELIMITED, ...varint(bytes.length)]), bytes])
}
const message = (...fields) => Buffer.concat(fields)

/** Calls a method. @returns the first field of the answer, a text */
function call(method, request) {
  const session = connectHttp('http://localhost', { createConnection: () => connect(SOCKET) })
  return new Promise((resolve, reject) => {
    session.on('error', reject)
    const stream = session.request({
      ':method': 'POST',
      ':path': `/runtime.v1.RuntimeService/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const chunks = []
    const finish = (headers) => {
      if (headers['grpc-status'] === undefined) return
      session.close()
      if (headers['grpc-status'] !== '0') reject(new Error(`${method}: ${headers['grpc-message']}`))
    }
    stream.on('response', finish).on('trailers', finish).on('error', reject)
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.on('end', () => {
      const answer = Buffer.concat(chunks).subarray(5)
      resolve(answer.length > 2 ? answer.toString('latin1', 2, 2 + answer[1]) : '')
    })
    const head = Buffer.alloc(5)
    head.writeUInt32BE(request.length, 1)
    stream.end(Buffer.concat([head, request]))
  })
}

const [action, ...values] = process.argv.slice(2)
if (action === 'run') {
  const [namespace, name] = values
  const metadata = message(field(1, name), field(2, `uid-of-${name}`), field(3, namespace))
  const config = message(field(1, metadata), field(2, name), field(3, `/tmp/${name}`), field(8, field(1, '/kubepods')))
  process.stdout.write(`${await call('RunPodSandbox', field(1, config))}\n`)
} else {
  await call('StopPodSandbox', field(1, values[0]))
  await call('RemovePodSandbox', field(1, values[0]))
}
