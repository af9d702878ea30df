import { Option, type Command } from 'commander'
import { UsageError } from '../base/errors.js'
import { FILTER_OPTIONS, type FilterOption } from './filters.js'

/** The values of an option that may be repeated. */
export const collect = (value: string, previous: string[] = []): string[] => [...previous, value]

/** For an option that takes one value. Of two, one would be ignored and not even be looked at. @throws UsageError */
export const once =
  (option: string) =>
  (value: string, previous?: string): string => {
    if (previous === undefined) return value
    throw new UsageError(option, value, `one value; ${JSON.stringify(previous)} was given before`)
  }

/**
 * Adds `FILTER_OPTIONS` and `more`, but those that the command has already.
 * @param left names of options that are not added
 */
export function addFilterOptions(
  command: Command,
  { more = [], left = [] }: { readonly more?: readonly FilterOption[]; readonly left?: readonly string[] } = {},
): void {
  for (const { flags, description, takes } of [...FILTER_OPTIONS, ...more]) {
    const option = new Option(flags, description).helpGroup('Filters:')
    if (takes === 'list') option.argParser(collect)
    if (takes === 'one') option.argParser(once(option.long ?? flags))
    const isThere = command.options.some(({ long }) => long === option.long)
    if (!isThere && !left.includes(option.name())) command.addOption(option)
  }
}
