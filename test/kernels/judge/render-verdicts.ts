import type { Verdict } from './check.js'

/**
 * Renders notes, a table of checks with a column for each kernel, in the order of `kernels`, and the number of passed
 * checks.
 */
export function renderVerdicts(verdicts: readonly Verdict[], kernels: readonly string[]): string {
  const checks = [...new Set(verdicts.map(({ check }) => check))]
  const wordOf = (check: string, kernel: string) =>
    verdicts.find((verdict) => verdict.check === check && verdict.kernel === kernel)?.word ?? ''
  const table = [
    ['check', ...kernels],
    ...checks.map((check) => [check, ...kernels.map((kernel) => wordOf(check, kernel))]),
  ]
  const notes = checks.flatMap((check) => [
    `${check}:`,
    ...notesOf(
      verdicts.filter((verdict) => verdict.check === check),
      Math.max(...kernels.map((kernel) => kernel.length)),
    ),
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

function notesOf(verdicts: readonly Verdict[], kernelWidth: number): string[] {
  return verdicts
    .filter(({ note }) => note !== '')
    .map(
      ({ kernel, word, note }) =>
        `  ${kernel.padEnd(kernelWidth)} ${word.padEnd(5)} ${note.replaceAll('\n', '\n        ')}`,
    )
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
