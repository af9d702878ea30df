import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { withDirectory } from '../paths.js'
import { startMeasured, type MeasuredProcess } from '../run-measured.js'

const PORT = 20001
const LISTEN_MS = 5000
const POLL_MS = 20
/** Small packets: many per second. */
export const DATAGRAM_BYTES = 64
/** Every kernel has reno, and it has no pacing. */
const CLIENT_OPTIONS = {
  TCP: ['--congestion', 'reno'],
  UDP: ['--udp', '--bitrate', '0', '--length', String(DATAGRAM_BYTES)],
}

export type Protocol = keyof typeof CLIENT_OPTIONS

export interface TrafficResult {
  /** Sent packets. UDP packets that are dropped later were also received: only the socket had no space. */
  readonly bytesPerSecond: number
  /** As the interface counts them: with TCP they have up to 64 KB. */
  readonly packets: number
  /** CPU time of both ends per packet, including the kernel's work. */
  readonly cpuNs: number
  /** The same per sent byte, because the size of TCP packets varies. */
  readonly cpuNsPerByte: number
}

/**
 * Runs iperf3 over loopback at the maximum rate. Both ends share the last core: the cost of packets reduces the rate.
 */
export async function runTraffic(protocol: Protocol, seconds: number): Promise<TrafficResult> {
  const core = String(cpus().length - 1)
  const ends = ['iperf3', '--port', String(PORT), '--affinity', core]
  const server = await startMeasured([...ends, '--server', '--bind', '127.0.0.1', '--one-off'])
  try {
    await waitForListener(server)
    return await withDirectory(async (directory) => {
      const output = join(directory, 'result.json')
      const options = [...CLIENT_OPTIONS[protocol], '--time', String(seconds), '--json']
      const before = countPackets()
      const client = await startMeasured([...ends, '--client', '127.0.0.1', ...options], { stdout: output })
      const used = [await client.ended, await server.ended]
      const packets = countPackets() - before
      const cpuMs = used.reduce((sum, usage) => sum + usage.cpuMs, 0)
      const { bytes, seconds: sendingSeconds } = readSent(output)
      return {
        bytesPerSecond: bytes / sendingSeconds,
        packets,
        cpuNs: (cpuMs * 1e6) / packets,
        cpuNsPerByte: (cpuMs * 1e6) / bytes,
      }
    })
  } catch (error) {
    server.stop()
    throw error
  }
}

function readSent(output: string): { bytes: number; seconds: number } {
  const result = JSON.parse(readFileSync(output, 'utf8')) as {
    end: { sum_sent: { bytes: number; seconds: number } }
  }
  return result.end.sum_sent
}

/** Only those of this namespace. */
function countPackets(): number {
  const [, fields = ''] = /^\s*lo:\s*(.*)$/m.exec(readFileSync('/proc/net/dev', 'utf8')) ?? []
  return Number(fields.split(/\s+/)[1])
}

async function waitForListener(server: MeasuredProcess): Promise<void> {
  // Local port, any remote port, and TCP_LISTEN.
  const listener = new RegExp(`:${PORT.toString(16).toUpperCase()} 00000000:0000 0A `)
  for (let waitedMs = 0; waitedMs < LISTEN_MS; waitedMs += POLL_MS) {
    if (listener.test(readFileSync('/proc/net/tcp', 'utf8'))) return
    await Promise.race([delay(POLL_MS), server.ended])
  }
  throw new Error(`iperf3 does not listen within ${LISTEN_MS / 1000} s`)
}
