/** Makes text stand out on a terminal; text that goes elsewhere stays as it is. */
export interface Paint {
  heading(text: string): string
  /** What is below a table. */
  note(text: string): string
  failure(text: string): string
  /** Attempts were lost: nothing else matters more. */
  loss(text: string): string
}

const same = (text: string) => text
/** Select Graphic Rendition, ECMA-48 8.3.117. */
const rendition = (codes: string) => (text: string) => (text === '' ? '' : `\x1b[${codes}m${text}\x1b[0m`)

const PLAIN: Paint = { heading: same, note: same, failure: same, loss: same }
const COLOURED: Paint = {
  heading: rendition('1'),
  note: rendition('2'),
  failure: rendition('31'),
  loss: rendition('1;31'),
}

/** Colours only for a terminal that has them, and whose user did not say no (https://no-color.org). */
export function choosePaint(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  return isTerminal && !env.NO_COLOR && env.TERM !== 'dumb' ? COLOURED : PLAIN
}
