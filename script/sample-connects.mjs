#!/usr/bin/env node
// Connects over loopback for script/demo: script/sample-connects.mjs SECONDS. Some connects are answered, some refused.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const PAUSE_MS = 50

/** A port that answers; `null` on a machine without this address. */
async function listen(host) {
  const server = createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .end(),
  )
  try {
    await once(server.listen(0, host), 'listening')
    return { host, port: server.address().port, server }
  } catch {
    return null
  }
}

/** A port that answered once and refuses now. */
async function refuse(host) {
  const endpoint = await listen(host)
  endpoint?.server.close()
  return endpoint
}

async function attempt({ host, port }) {
  const socket = connect(port, host)
  socket.resume().end()
  await once(socket, 'close').catch(() => {})
}

const endpoints = await Promise.all([listen('127.0.0.1'), listen('::1'), refuse('127.0.0.1'), refuse('::1')])
const end = Date.now() + Number(process.argv[2]) * 1000
while (Date.now() < end) {
  await Promise.all(endpoints.filter(Boolean).map(attempt))
  await delay(PAUSE_MS)
}
process.exit()
