import { Option } from 'commander'
import { UsageError } from '../../errors.js'
import { nearestName } from '../../options/nearest-name.js'

/** An option that takes one of some words, and suggests the nearest where it is given another one. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, description).choices(choices)
  return option.argParser((value) => {
    if (choices.includes(value)) return value
    throw new UsageError(option.long ?? flags, value, choices.join(', '), nearestName(value, choices))
  })
}
