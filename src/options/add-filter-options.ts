import { Option, type Command } from 'commander'
import { UsageError } from '../base/errors.js'
import { FILTER_OPTIONS, type OptionDeclaration } from './filters.js'

/** The values of an option that may be repeated. */
export const collect = (value: string, previous: string[] = []): string[] => [...previous, value]

/** For an option that takes one value. Of two, one would be ignored and not even be looked at. @throws UsageError */
export const once =
  (option: string) =>
  (value: string, previous?: string): string => {
    if (previous === undefined) return value
    throw new UsageError(option, value, `one value; ${JSON.stringify(previous)} was given before`)
  }

/** The option of commander. */
export function createOption({ flags, description, takes }: OptionDeclaration): Option {
  const option = new Option(flags, description)
  if (takes === 'list') option.argParser(collect)
  if (takes === 'one') option.argParser(once(option.long ?? flags))
  return option
}

/** Options of `addFilterOptions`. */
interface AddedFilters {
  readonly more?: readonly OptionDeclaration[]
  /** Names of options that are not added */
  readonly left?: readonly string[]
  /** Whether the command records: descriptions are those of `whenRecording` */
  readonly isRecording?: boolean
}

/** Adds `FILTER_OPTIONS` and `more`, but those that the command has already. */
export function addFilterOptions(command: Command, { more = [], left = [], isRecording = false }: AddedFilters): void {
  for (const declaration of [...FILTER_OPTIONS, ...more]) {
    const option = createOption(declaration).helpGroup('Filters:')
    if (isRecording) option.description = declaration.whenRecording ?? declaration.description
    const isThere = command.options.some(({ long }) => long === option.long)
    if (!isThere && !left.includes(option.name())) command.addOption(option)
  }
}
