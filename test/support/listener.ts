import { createServer, type AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** Accepts and closes connections until the test ends; returns its port. `::` accepts IPv4 too. */
export async function listen(host = '127.0.0.1', port = 0): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).destroy())
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen({ host, port }, resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A port of loopback without a listener. */
export async function findClosedPort(host = '127.0.0.1'): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen({ host, port: 0 }, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
