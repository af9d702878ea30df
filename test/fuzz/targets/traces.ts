import { tmpdir } from 'node:os'
import { TcpconnError } from '../../../src/base/errors.js'
import { findDamage } from '../../../src/store/find-damage.js'
import { BrokenRule, type FuzzTarget } from '../fuzz-target.js'
import { changeOf, damageFiles } from '../traces/damage-files.js'
import { makeTraces } from '../traces/make-traces.js'
import { QUESTIONS, readSome } from '../traces/questions.js'

const PAGE_BYTES = 4096
/**
 * Every n-th input runs a complete command, which takes ten times as long as opening the file and reading some rows.
 */
const COMMAND_EVERY = 8
/** Selects the trace. */
const FILE_BIT = 64

/**
 * Traces with flipped bits or a missing end, and the commands that read them. The first bytes of an input select the
 * trace and the command.
 */
export function createTraces(): FuzzTarget {
  // script/fuzz makes the directory, and removes it.
  const traces = makeTraces(tmpdir()).map((paths) => ({ file: paths[0], ...damageFiles(paths) }))
  // The undamaged traces must give no error: otherwise the effects of damage would not show.
  for (const { file } of traces) for (const question of [readSome, ...QUESTIONS]) question(file)
  return {
    name: 'traces',
    seeds: traces.flatMap(({ lengthBytes }, i) => [
      ...pageHeads(lengthBytes).map((change) => Uint8Array.of(1 + i * FILE_BIT, ...change)),
      ...QUESTIONS.map((_, question) => Uint8Array.of(i * FILE_BIT, question)),
    ]),
    batch: 100,
    take(input) {
      const [first = 1, second = 0] = input
      const isCommand = first % COMMAND_EVERY === 0
      const question = isCommand ? QUESTIONS[second % QUESTIONS.length] : readSome
      const { file, write } = traces[first & FILE_BIT ? 1 : 0] as (typeof traces)[number]
      write(input.subarray(isCommand ? 2 : 1))
      try {
        question?.(file)
      } catch (error) {
        if (error instanceof BrokenRule) throw error
        const fault = findDamage([file], error)
        if (!(fault instanceof TcpconnError)) throw fault
      }
    },
    property: null,
  }
}

/** Changes at the beginning of each page: the type of the page, and the position of its cells. */
function pageHeads(lengthBytes: number): number[][] {
  const pages = Array.from({ length: Math.floor(lengthBytes / PAGE_BYTES) }, (_, page) => page * PAGE_BYTES)
  return pages.flatMap((at) => [0, 4, 8].map((offset) => changeOf(at + offset, 1)))
}
