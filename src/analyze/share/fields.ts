import { UsageError } from '../../base/errors.js'
import { nearestName } from '../../text/nearest-name.js'

/** What happens to the values of a field. */
export type Action =
  | 'kept'
  /** encrypted with ipcrypt-pfx: subnets stay */
  | 'encrypted'
  /** encrypted as a whole: only the class of the address stays */
  | 'scrambled'
  | 'renumbered'
  /** kept if well known, else the first port of its range */
  | 'port class'
  | 'token'
  /** kept if a common program, else a token */
  | 'token if rare'
  /** a token for each label or component */
  | 'tokens'
  /** moved by a random number of hours */
  | 'shifted'
  /** moved, and cut to seconds */
  | 'rounded'
  /** kept as far as it is known to hold no name */
  | 'known parts'
  | 'dropped'

export const LEVELS = ['default', 'strict'] as const
export type Level = (typeof LEVELS)[number]

interface FieldActions extends Record<Level, Action> {
  /** What the field covers, for people */
  readonly covers: string
}

/** Fields by the names that --keep and --drop take. Columns refer to them: see columns.ts. */
export const FIELDS = {
  addresses: { default: 'encrypted', strict: 'scrambled', covers: 'remote, local and resolved addresses' },
  ports: { default: 'kept', strict: 'port class', covers: 'remote ports' },
  'local-ports': { default: 'renumbered', strict: 'dropped', covers: 'local ports' },
  pids: { default: 'renumbered', strict: 'dropped', covers: 'processes, threads, and when they started' },
  namespaces: { default: 'renumbered', strict: 'dropped', covers: 'network and mount namespaces' },
  boot: { default: 'renumbered', strict: 'dropped', covers: 'boot ids' },
  dns: { default: 'tokens', strict: 'token', covers: 'DNS names' },
  comm: { default: 'token if rare', strict: 'token', covers: 'names of threads' },
  exe: { default: 'token if rare', strict: 'token', covers: 'names of executables' },
  user: { default: 'token', strict: 'token', covers: 'names and numbers of users' },
  host: { default: 'token', strict: 'token', covers: 'names of hosts' },
  cgroup: { default: 'tokens', strict: 'token', covers: 'cgroup paths' },
  container: { default: 'tokens', strict: 'token', covers: 'containers, pods and units' },
  kernel: { default: 'known parts', strict: 'known parts', covers: 'versions of the kernel and of tcpconn' },
  limits: { default: 'known parts', strict: 'known parts', covers: 'what the host hides' },
  command: { default: 'dropped', strict: 'dropped', covers: 'command lines of recordings, file names' },
  filters: { default: 'dropped', strict: 'dropped', covers: 'values of the filters of recordings' },
  time: { default: 'shifted', strict: 'rounded', covers: 'wall clock' },
} as const satisfies Record<string, FieldActions>

export type Field = keyof typeof FIELDS
export const FIELD_NAMES = Object.keys(FIELDS) as Field[]

/** At level `strict`, endpoints with fewer attempts are one endpoint. */
const STRICT_MIN_ATTEMPTS = 10

/** As typed. */
export interface RawTreatment {
  readonly level?: string
  readonly keep?: readonly string[]
  readonly drop?: readonly string[]
}

/** What happens to every field. */
export interface Treatment {
  readonly level: Level
  readonly keep: readonly Field[]
  readonly drop: readonly Field[]
  readonly actions: Readonly<Record<Field, Action>>
  /** Endpoints with fewer attempts are merged; 0: none */
  readonly minAttempts: number
}

/** @throws UsageError */
export function parseTreatment({ level = 'default', keep = [], drop = [] }: RawTreatment): Treatment {
  if (!isLevel(level)) throw new UsageError('--level', level, LEVELS.join(' or '), nearestName(level, LEVELS))
  const [kept, dropped] = [parseFields('--keep', keep), parseFields('--drop', drop)]
  const twice = kept.find((field) => dropped.includes(field))
  if (twice !== undefined) throw new UsageError('--drop', twice, 'a field that --keep does not name')
  if (dropped.includes('time')) throw new UsageError('--drop', 'time', 'other fields: a trace without times is none')
  const actionOf = (field: Field): Action =>
    kept.includes(field) ? 'kept' : dropped.includes(field) ? 'dropped' : FIELDS[field][level]
  const actions = Object.fromEntries(FIELD_NAMES.map((field) => [field, actionOf(field)])) as Record<Field, Action>
  const minAttempts = level === 'strict' && actions.addresses !== 'kept' ? STRICT_MIN_ATTEMPTS : 0
  return { level, keep: kept, drop: dropped, actions, minAttempts }
}

function isLevel(text: string): text is Level {
  return (LEVELS as readonly string[]).includes(text)
}

function parseFields(option: string, lists: readonly string[]): Field[] {
  const words = lists.flatMap((list) => list.split(','))
  for (const word of words) {
    if (!(FIELD_NAMES as string[]).includes(word)) {
      throw new UsageError(option, word, FIELD_NAMES.join(', '), nearestName(word, FIELD_NAMES))
    }
  }
  return [...new Set(words as Field[])]
}
