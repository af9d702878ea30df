import { run, type Finished } from './process.js'

const SCRIPT = `
  const [host, port] = process.argv.slice(1)
  const socket = require('node:net').connect({ host, port: Number(port) })
  const print = (result) => console.log(JSON.stringify(result))
  socket.on('error', (error) => print({ errno: -error.errno }))
  socket.on('connect', () => {
    print({ errno: 0, address: socket.localAddress, port: socket.localPort })
    socket.destroy()
  })`

export interface NodeClientResult {
  readonly pid: number
  readonly errno: number
  /** As getsockname(2) gives them; of connected sockets only. */
  readonly address?: string
  readonly port?: number
}

/** Connects once from a Node process of its own, without blocking, as Node does. `under`: a program that becomes it. */
export async function connectFromNode(host: string, port: number, under: readonly string[] = []) {
  const command = [...under, process.execPath, '-e', SCRIPT, host, String(port)]
  const { pid, stdout, stderr }: Finished = await run(command)
  if (!stdout) throw new Error(`the Node client failed: ${stderr}`)
  return { pid, ...(JSON.parse(stdout) as Omit<NodeClientResult, 'pid'>) }
}
