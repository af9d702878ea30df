import type { BccOption, BccTool, Edition } from './bcc-options.js'

const EDITIONS: readonly Edition[] = ['python', 'libbpf']

/** The option of a long name, or of its beginning where that is enough for one of the editions; else what it may mean. */
export function findLong(tool: BccTool, name: string): BccOption | readonly BccOption[] {
  const exact = tool.options.find((option) => option.name === name)
  if (exact) return exact
  const begun = tool.options.filter((option) => option.name.startsWith(name))
  const meant = EDITIONS.map((edition) => begun.filter(({ editions }) => editions.includes(edition)))
    .filter((options) => options.length === 1)
    .flat()
  const [only, ...others] = new Set(meant)
  return only !== undefined && others.length === 0 ? only : begun
}

export function findLetter(tool: BccTool, letter: string): BccOption | undefined {
  return tool.options.find((option) => option.letter === letter)
}
