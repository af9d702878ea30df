import { run } from './process.js'
import { REPOSITORY } from './repository.js'

/**
 * How names are looked up: by Node's resolver (c-ares), or by one packet each from a socket of the script. After a
 * truncated answer it uses TCP.
 */
export type ClientKind = 'resolver' | 'connected' | 'unconnected'

export interface Question {
  readonly name: string
  readonly type?: 'A' | 'AAAA'
  readonly server?: string
  /** Default: 53. */
  readonly serverPort?: number
}

export interface ClientOptions {
  readonly kind?: ClientKind
  /** Connects to the first address of each answer. */
  readonly port?: number
  /** Between the answer and the connect. */
  readonly waitMs?: number
  /** How long to wait for an answer. */
  readonly giveUpMs?: number
  /** Prefix of the command of the client: runs it in a namespace or a cgroup. */
  readonly under?: readonly string[]
}

export interface ClientResult {
  readonly pid: number
  /** Addresses by question; empty without an answer. */
  readonly answers: string[][]
}

const SCRIPT = `
  const { questions, kind, port, waitMs, giveUpMs } = JSON.parse(process.argv[1])
  const { Resolver } = require('node:dns').promises
  const { encode, decode } = require('dns-packet')
  const delay = require('node:timers/promises').setTimeout
  const ask = {
    resolver({ name, type, server, serverPort }) {
      const resolver = new Resolver({ timeout: giveUpMs, tries: 1 })
      resolver.setServers([server.includes(':') ? '[' + server + ']:' + serverPort : server + ':' + serverPort])
      return type === 'A' ? resolver.resolve4(name) : resolver.resolve6(name)
    },
    async packet({ name, type, server, serverPort }) {
      const socket = require('node:dgram').createSocket(server.includes(':') ? 'udp6' : 'udp4')
      const opt = { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: 0 }
      const flags = 256
      const packet = encode({ id: process.pid & 0xffff, type: 'query', flags, questions: [{ name, type }], additionals: [opt] })
      const answer = new Promise((resolve) => socket.once('message', resolve))
      if (kind === 'connected') {
        await new Promise((resolve) => socket.connect(serverPort, server, resolve))
        socket.send(packet)
      } else {
        socket.send(packet, serverPort, server)
      }
      const first = await Promise.race([answer, delay(giveUpMs)])
      socket.close()
      const isTruncated = first && (first[2] & 2) !== 0
      const payload = isTruncated ? await askOverTcp(packet, serverPort, server) : first
      return payload ? decode(payload).answers.filter((one) => one.type === type).map(({ data }) => data) : []
    },
  }
  /** A short answer comes in one piece. */
  const askOverTcp = (packet, port, host) => new Promise((resolve, reject) => {
    const socket = require('node:net').connect({ host, port })
    socket.on('error', reject).once('data', (payload) => resolve(payload.subarray(2)))
    socket.write(Buffer.concat([Buffer.from([packet.length >> 8, packet.length & 255]), packet]))
  })
  const connect = (host) => new Promise((resolve) => {
    const socket = require('node:net').connect({ host, port }, () => socket.destroy())
    socket.on('error', () => {}).on('close', resolve)
  })
  async function run() {
    const answers = []
    for (const question of questions) {
      const addresses = await ask[kind === 'resolver' ? kind : 'packet'](question).catch(() => [])
      answers.push(addresses)
      await delay(waitMs)
      if (port && addresses.length) await connect(addresses[0])
    }
    console.log(JSON.stringify(answers))
    // The wait for an answer goes on.
    process.exit()
  }
  run()`

/** Queries a name server in a process of its own, one question after the other. */
export async function lookUp(questions: readonly Question[], options: ClientOptions = {}): Promise<ClientResult> {
  const { kind = 'resolver', port = 0, waitMs = 0, giveUpMs = 5000, under = [] } = options
  const all = questions.map((question) => ({ type: 'A', server: '127.0.0.1', serverPort: 53, ...question }))
  const asked = JSON.stringify({ questions: all, kind, port, waitMs, giveUpMs })
  const { pid, stdout, stderr } = await run([...under, process.execPath, '-e', SCRIPT, asked], { cwd: REPOSITORY })
  if (!stdout) throw new Error(`the DNS client failed: ${stderr}`)
  return { pid, answers: JSON.parse(stdout) as string[][] }
}
