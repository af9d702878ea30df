// A container that looks a name up and connects to its address, four times a second for at most two minutes: its own name server
// gives app.example the address 127.0.0.7, where nobody listens.
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'

const NAME = Buffer.from('\x03app\x07example\0\0\x01\0\x01', 'latin1')
const QUERY = Buffer.concat([Buffer.from('abcd01000001000000000000', 'hex'), NAME])
const ANSWER = Buffer.from('c00c000100010000000100047f000007', 'hex')

const server = createSocket('udp4').on('message', (query, from) => {
  const reply = Buffer.concat([query, ANSWER])
  // A response without an error, with one answer.
  reply.writeUInt16BE(0x8180, 2)
  reply.writeUInt16BE(1, 6)
  server.send(reply, from.port, from.address)
})
server.bind(53, '127.0.0.1')
const client = createSocket('udp4').on('message', () => connect(7401, '127.0.0.7').on('error', () => {}))
setInterval(() => client.send(QUERY, 53, '127.0.0.1'), 250)
setTimeout(() => process.exit(), 120_000)
