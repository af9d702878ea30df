/** Highlights text on a terminal; text for other destinations stays unchanged. */
export interface Paint {
  heading(text: string): string
  /** Text below a table. */
  note(text: string): string
  failure(text: string): string
  /** Lost attempts: the most prominent style. */
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

/** Colours only on a terminal that supports them, unless the user disabled them (https://no-color.org). */
export function choosePaint(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  return isTerminal && !env.NO_COLOR && env.TERM !== 'dumb' ? COLOURED : PLAIN
}
