import type { Verdict } from './check.js'

/** A table of kernels and checks, then what was found, then how many passed. */
export function renderVerdicts(verdicts: readonly Verdict[]): string {
  const checks = unique(verdicts.map(({ check }) => check))
  const kernels = unique(verdicts.map(({ kernel }) => kernel))
  const wordOf = (check: string, kernel: string) =>
    verdicts.find((verdict) => verdict.check === check && verdict.kernel === kernel)?.word ?? ''
  const table = [
    ['check', ...kernels],
    ...checks.map((check) => [check, ...kernels.map((kernel) => wordOf(check, kernel))]),
  ]
  const notes = checks.flatMap((check) => [
    `${check}:`,
    ...notesOf(verdicts.filter((verdict) => verdict.check === check)),
  ])
  const count = (word: Verdict['word']) => verdicts.filter((verdict) => verdict.word === word).length
  return [
    ...notes.filter((line, i) => line.startsWith(' ') || notes[i + 1]?.startsWith(' ')),
    '',
    ...align(table),
    '',
    `${count('ok')} passed, ${count('FAIL')} failed, ${count('skip')} skipped`,
    '',
  ].join('\n')
}

function notesOf(verdicts: readonly Verdict[]): string[] {
  return verdicts
    .filter(({ note }) => note !== '')
    .map(({ kernel, word, note }) => `  ${kernel.padEnd(5)} ${word.padEnd(5)} ${note.replaceAll('\n', '\n        ')}`)
}

function align(table: readonly (readonly string[])[]): string[] {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)]
}
