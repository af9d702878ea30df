import { formatCount } from '../../text/format-number.js'
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

/** The values of one field. */
interface FieldValues {
  readonly originals: Set<string>
  readonly examples: string[]
  keptCount: number
}

/** What sharing would keep, replace and drop, a line per field, without writing a file. The pseudonyms differ in each run. */
export async function previewShare(
  files: readonly string[],
  options: RawScope,
  pseudonyms: Pseudonyms,
): Promise<string[]> {
  const values = new Map<Field, FieldValues>(
    FIELD_NAMES.map((field) => [field, { originals: new Set(), examples: [], keptCount: 0 }]),
  )
  const note = (field: string, original: Cell, result: Cell) => {
    const ofField = values.get(field as Field) as FieldValues
    const text = describeCell(original)
    if (ofField.originals.has(text)) return
    ofField.originals.add(text)
    const replaced = describeCell(result)
    if (replaced === text) ofField.keptCount++
    else if (field !== 'time' && ofField.examples.length < EXAMPLES)
      ofField.examples.push(replaced === '' ? text : `${text} → ${replaced}`)
  }
  await shareFiles(files, options, {
    pseudonyms,
    note,
    isDryRun: true,
    create: createMemoryTrace,
    fail: (error) => error,
  })
  const { level, actions } = pseudonyms.treatment
  return [
    `level ${level}; nothing is written, and the pseudonyms below are examples`,
    ...FIELD_NAMES.map((field) => describeField(field, actions[field], values.get(field) as FieldValues)),
  ]
}

function describeField(field: Field, action: Action, { originals, examples, keptCount }: FieldValues): string {
  const head = `${field.padEnd(FIELD_WIDTH)}${action.padEnd(ACTION_WIDTH)}`
  if (field === 'local-ports' || field === 'time') return `${head}${FIELDS[field].covers}`
  const replaced = originals.size - keptCount
  const verb = action === 'dropped' ? 'dropped' : 'replaced'
  const counts = [
    ...(replaced > 0 ? [`${formatCount(replaced)} ${verb}`] : []),
    ...(keptCount > 0 || originals.size === 0 ? [`${formatCount(keptCount)} kept`] : []),
  ]
  const shown = examples.length === 0 ? '' : `: ${examples.map((example) => safeText(example)).join(', ')}`
  return `${head}${FIELDS[field].covers}: ${counts.join(', ')}${shown}`
}

/** Bytes of an address as its text. */
function describeCell(cell: Cell): string {
  if (cell === null) return ''
  return cell instanceof Buffer ? formatAddress(cell) : String(cell)
}
