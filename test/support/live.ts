import { findClosedPort } from './listener.js'
import { firstOutput, type Finished, type Running } from './process.js'
import { startTool } from './tool.js'
import { waitUntil } from './wait-until.js'
import { connect } from './workload.js'

/** Far longer than any test: if a test run is killed, the tool ends too. */
export const LONGEST = ['--duration', '20m']

/** Starts `live` and returns once it records attempts: its headings are printed then. */
export async function startLive(args: readonly string[]): Promise<Running> {
  const running = startTool(['live', ...LONGEST, ...args])
  await firstOutput(running)
  return running
}

/** Connects again and again until `live` shows an attempt. JSON has no headings that show the beginning. */
export async function waitForRows({ output }: Running): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    const { pid } = await connect('127.0.0.1', await findClosedPort())
    const isShown = () => output().includes(`"pid":${pid},`)
    if (await waitUntil('a row', isShown, { timeoutMs: 500 }).catch(() => false)) return
  }
  throw new Error('live shows nothing')
}

/** Ends it with Ctrl-C. */
export function interrupt({ child, finished }: Running): Promise<Finished> {
  child.kill('SIGINT')
  return finished
}
