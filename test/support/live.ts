import { findClosedPort } from './listener.js'
import { firstOutput, type Finished, type Running } from './process.js'
import { startTool } from './tool.js'
import { waitUntil } from './wait-until.js'
import { connect } from './workload.js'

/** Far longer than any test: when a test run is killed, the tool comes to an end as well. */
export const LONGEST = ['--duration', '20m']

/** Starts `live` and resolves once it takes up attempts: its headings are there then. */
export async function startLive(args: readonly string[]): Promise<Running> {
  const running = startTool(['live', ...LONGEST, ...args])
  await firstOutput(running)
  return running
}

/** Connects again and again until `live` shows it. JSON has no headings that say when it begins. */
export async function waitForRows({ output }: Running): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    const { pid } = await connect('127.0.0.1', await findClosedPort())
    const isShown = () => output().includes(`"pid":${pid},`)
    if (await waitUntil('a row', isShown, { timeoutMs: 500 }).catch(() => false)) return
  }
  throw new Error('live shows nothing')
}

/** Ends it as Ctrl-C does. */
export function interrupt({ child, finished }: Running): Promise<Finished> {
  child.kill('SIGINT')
  return finished
}
