import { readFileSync, statSync } from 'node:fs'
import type { NetworkNamespace } from './network-namespace.js'
import { waitUntil } from './wait-until.js'

/** Waits until a process in a network namespace of its own waits for an answer to its SYN. */
export async function waitForSynSent(pid: number, { inode }: NetworkNamespace): Promise<void> {
  // At first, the process is still in the namespace of its parent.
  await waitUntil(`a SYN of process ${pid}`, () => statSync(`/proc/${pid}/ns/net`).ino === inode && hasSynSent(pid))
}

/** State 02 in the fourth column is TCP_SYN_SENT, include/net/tcp_states.h. */
function hasSynSent(pid: number): boolean {
  const lines = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n')
  return lines.some((line) => line.trim().split(/\s+/)[3] === '02')
}
