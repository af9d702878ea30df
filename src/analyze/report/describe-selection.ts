import { FILTER_OPTIONS } from '../../options/filters.js'
import type { RawScope } from '../options/select-scope.js'

const TIME_OPTIONS = ['--session', '--since', '--until', '--last']

/** The options that chose the attempts, as they can be typed again. */
export function describeSelection(raw: RawScope): string {
  const flags = FILTER_OPTIONS.flatMap((option) => option.flags.match(/--[a-z0-9-]+/) ?? [])
  const words = [...TIME_OPTIONS, ...flags].flatMap((flag) => {
    const name = flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    const value = raw[name as keyof RawScope]
    if (value === undefined) return []
    return value === true ? [flag] : [value].flat().map((one) => `${flag} ${one}`)
  })
  return words.join(' ') || 'all attempts'
}
