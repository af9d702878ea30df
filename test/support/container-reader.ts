import { readFileSync } from 'node:fs'
import { readThreads } from './process-status.js'
import { waitUntil } from './wait-until.js'

/** CAP_DAC_READ_SEARCH, bit 2 of linux/capability.h. */
export const CAP_DAC_READ_SEARCH = '0000000000000004'

/**
 * Waits until the process that reads names of containers for a recorder has dropped its privileges.
 * @returns its pid
 */
export async function waitForReader(recorderPid: number): Promise<number> {
  const isReady = (pid: number) => readThreads(pid)[0]?.CapEff === CAP_DAC_READ_SEARCH
  const reader = await waitUntil('the reader of names', () => findReaders(recorderPid).find(isReady))
  return reader as number
}

function findReaders(recorderPid: number): number[] {
  const children = readFileSync(`/proc/${recorderPid}/task/${recorderPid}/children`, 'utf8').trim().split(' ')
  return children.map(Number).filter((pid) => {
    try {
      return pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('container-reader.js')
    } catch {
      return false
    }
  })
}
