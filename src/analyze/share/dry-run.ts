import { formatCount } from '../../text/format-number.js'
import { formatTime } from '../../text/format-time.js'
import { safeText } from '../../text/safe-text.js'
import { formatAddress } from '../../attempt/address.js'
import type { RawScope } from '../options/select-scope.js'
import { FIELD_NAMES, FIELDS, type Action, type Field } from './fields.js'
import { createMemoryTrace } from './output-database.js'
import type { Cell, Pseudonyms } from './pseudonyms.js'
import { shareFiles } from './write-shared-trace.js'

/** Examples of each field */
const EXAMPLES = 2
const FIELD_WIDTH = 13
const ACTION_WIDTH = 16

/** What the shared trace would have in the place of each original of a field; an address may be merged at one port only. */
type FieldValues = Map<string, Set<string>>

/** What sharing would keep, replace and drop, a line per field, without writing a file. */
export async function previewShare(
  files: readonly string[],
  options: RawScope,
  pseudonyms: Pseudonyms,
): Promise<string[]> {
  const values = new Map<Field, FieldValues>(FIELD_NAMES.map((field) => [field, new Map()]))
  const note = (field: string, original: Cell, result: Cell) => {
    const ofField = values.get(field as Field) as FieldValues
    const describe = field === 'time' ? describeTime : describeCell
    const results = ofField.get(describe(original)) ?? new Set()
    ofField.set(describe(original), results.add(describe(result)))
  }
  await shareFiles(files, options, {
    pseudonyms: () => pseudonyms,
    note,
    isDryRun: true,
    create: createMemoryTrace,
    fail: (error) => error,
  })
  const { actions } = pseudonyms.treatment
  return FIELD_NAMES.map((field) => describeField(field, actions[field], values.get(field) as FieldValues))
}

function describeField(field: Field, action: Action, values: FieldValues): string {
  const head = `${field.padEnd(FIELD_WIDTH)}${action.padEnd(ACTION_WIDTH)}`
  const replaced = [...values].filter(([original, results]) => results.size > 1 || !results.has(original))
  const keptCount = values.size - replaced.length
  const verb = action === 'dropped' ? 'dropped' : 'replaced'
  const counts = [
    ...(replaced.length > 0 ? [`${formatCount(replaced.length)} ${verb}`] : []),
    ...(keptCount > 0 || values.size === 0 ? [`${formatCount(keptCount)} kept`] : []),
  ]
  const examples = chooseExamples(replaced).map(describeExample)
  const shown = examples.length === 0 ? '' : `: ${examples.map((example) => safeText(example)).join(', ')}`
  return `${head}${FIELDS[field].covers}: ${counts.join(', ')}${shown}`
}

type Example = readonly [original: string, results: ReadonlySet<string>]

/** The first ones, with different results if there are any: at level strict, most addresses may be merged. */
function chooseExamples(replaced: readonly Example[]): Example[] {
  const seen = new Set<string>()
  const different = replaced.filter(([, results]) => {
    const text = [...results].join()
    return !seen.has(text) && seen.add(text)
  })
  return [...new Set([...different, ...replaced])].slice(0, EXAMPLES)
}

function describeExample([original, results]: Example): string {
  const shown = [...results].filter((result) => result !== '')
  return shown.length === 0 ? original : `${original} → ${shown.join(' or ')}`
}

/** A second is exact enough for an example: at level `strict`, sessions begin at whole seconds. */
function describeTime(unixNs: Cell): string {
  return typeof unixNs === 'bigint' ? formatTime(unixNs, 0) : ''
}

/** Bytes of an address as its text. */
function describeCell(cell: Cell): string {
  if (cell === null) return ''
  return cell instanceof Buffer ? formatAddress(cell) : String(cell)
}
