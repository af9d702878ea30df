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
  /** As returned by getsockname(2); only of connected sockets. */
  readonly address?: string
  readonly port?: number
}

/** Connects once from a Node.js process, without blocking, as Node.js does. `under`: prefix of the command. */
export async function connectFromNode(host: string, port: number, under: readonly string[] = []) {
  const command = [...under, process.execPath, '-e', SCRIPT, host, String(port)]
  const { pid, stdout, stderr }: Finished = await run(command)
  if (!stdout) throw new Error(`the Node client failed: ${stderr}`)
  return { pid, ...(JSON.parse(stdout) as Omit<NodeClientResult, 'pid'>) }
}
