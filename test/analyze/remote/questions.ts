import Database from 'better-sqlite3'
import { makeGeneratedTrace } from '../oracle/generated-trace.js'
import { ORACLES } from '../oracle/oracles.js'

/** A question to traces, and the same question to a server or a data set. */
export interface Question {
  readonly local: readonly string[]
  readonly remote: readonly string[]
}

/** Two hosts with three sessions each. */
export function makeTraces(): [string, string] {
  const files: [string, string] = [makeGeneratedTrace(2000), makeGeneratedTrace(1000)]
  const db = new Database(files[1])
  db.exec("UPDATE session SET host = 'web-5', boot_id = 'another boot'")
  db.close()
  return files
}

/** Filters and times, with a query that answers each from rows, from sums, or from both. */
const CHOSEN: readonly (readonly string[])[] = [
  ['top-endpoints', '--port', '443'],
  ['latency', '--by', 'comm', '--outcome', 'failed'],
  ['by-process', '--comm', 'worker', '--by', 'container'],
  ['summary', '-u', '33,0', '-6', '--min-latency', '1ms'],
  ['latency', '--by', 'dns', '--dst', '10.0.0.0/8'],
  ['failures', '--cgroup', '/cgroup-1'],
  ['dns', '--cgroup', '/cgroup-1'],
  ['top-endpoints', '--container', 'cart'],
  ['timeline', '--namespace', 'shop'],
  ['latency', '--by', 'process', '--exact'],
  ['summary', '--since', '+20s', '--until', '-20s'],
  ['by-uid', '--since', '+15s', '--until', '-30s'],
  ['heatmap', '--since', '+11m', '--until', '+21m'],
  ['slowest', '--since', '-11m', '--port', '80,443'],
  ['dns', '--since', '+20s', '--until', '-20s'],
  ['top-endpoints', '--by', 'host', '--limit', '5'],
  ['by-process', '--by', 'host'],
  ['failures', '--by', 'host'],
  ['churn', '--by', 'host', '--min-attempts', '2'],
  ['dns', '--by', 'host'],
  ['retransmits', '--sort', 'attempts'],
]

export function questionsOf(files: readonly string[]): Question[] {
  const asked = ORACLES.filter(({ picksSessions = false }) => !picksSessions).map(({ args }) => args)
  return [...asked, ...CHOSEN].map((words) => ({ local: [...words, ...files, '--session', 'all'], remote: words }))
}

/** Comparisons, and answers of one host or session. */
export function questionsOfSides([first, second]: readonly [string, string], uuids: readonly string[]): Question[] {
  const [one, two, three] = uuids as [string, string, string]
  const at = '2023-11-14T22:44:00Z'
  return [
    { local: ['diff', '--all', `${first}@all`, `${second}@all`], remote: ['diff', '--all', '--host', 'web-1,web-5'] },
    { local: ['diff', '--all', `${first}@1`, `${first}@2`], remote: ['diff', '--all', '--session', `${one},${two}`] },
    { local: ['diff', '--all', '--at', at, `${first}@3`], remote: ['diff', '--all', '--at', at, '--session', three] },
    { local: ['summary', second, '--session', 'all'], remote: ['summary', '--host', 'web-5'] },
    { local: ['by-process', first, '--session', '2'], remote: ['by-process', '--session', two] },
  ]
}
