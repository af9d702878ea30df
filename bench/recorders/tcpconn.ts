import Database from 'better-sqlite3'
import { CLI } from '../paths.js'
import { LOAD_COMM, LOAD_PORT } from '../run-load.js'
import { countLines, type Recorder } from './recorder.js'

const OUTCOME = { reset: 'established', refused: 'refused' }

/** This project's recorder. */
export const tcpconn: Recorder = {
  name: 'tcpconn record',
  command: (output) => [process.execPath, CLI, 'record', output, '--quiet'],
  usesStdout: false,
  attachment: /bpf_link/,
  count: (output, mode) =>
    query(
      output,
      `SELECT count(*) FROM connects
       WHERE comm = '${LOAD_COMM}' AND remote_port = ${LOAD_PORT} AND outcome = '${OUTCOME[mode]}'`,
    ),
}

/**
 * The approaches of tcpconn: the first program alone, as after a million attempts without a skipped run; with the
 * second one all the time, as if runs are skipped (6.1 to 6.19); with three programs that are not preempted (from 7.0);
 * and with the hash (before 5.12).
 */
export const tcpconnApproaches: readonly Recorder[] = [
  recordBy('alone', 'no run skipped'),
  ...['6.12', '7.0', '5.10'].map((kernel) => recordBy(kernel, `as on ${kernel}`)),
]

/** @param approach value of TCPCONN_APPROACH */
export function recordBy(approach: string, name: string): Recorder {
  return { ...tcpconn, name: `${tcpconn.name}, ${name}`, env: { TCPCONN_APPROACH: approach } }
}

/** With DNS names. */
export const tcpconnDns: Recorder = recordWith('--dns')

/** With connects that fail before a SYN. */
export const tcpconnLocalErrors: Recorder = recordWith('--local-errors')

/** With translated addresses. */
export const tcpconnNat: Recorder = recordWith('--nat')

/** The live view, into a file. */
export const tcpconnLive: Recorder = {
  name: 'tcpconn live',
  command: () => [process.execPath, CLI, 'live', '-t', '--outcome'],
  usesStdout: true,
  attachment: /bpf_link/,
  count: (output, mode) => countLines(output, ` ${LOAD_COMM} .* ${LOAD_PORT} +${OUTCOME[mode]} `),
}

/** The same with names: a program sees every packet of the load. */
export const tcpconnLiveDns: Recorder = {
  ...tcpconnLive,
  name: 'tcpconn live -d',
  command: (output) => [...tcpconnLive.command(output), '-d'],
}

/** First value of a query over a trace file. */
export function query(path: string, sql: string): number {
  const db = new Database(path, { readonly: true })
  try {
    return Number(db.prepare(sql).safeIntegers().pluck().get())
  } finally {
    db.close()
  }
}

/** @param options further arguments of `record` */
export function recordWith(...options: readonly string[]): Recorder {
  return {
    ...tcpconn,
    name: `${tcpconn.name} ${options[0]}`,
    command: (output) => [...tcpconn.command(output), ...options],
  }
}
