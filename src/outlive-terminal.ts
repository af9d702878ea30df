import { isatty } from 'node:tty'

/**
 * Whether a terminal that closes is to end nothing: no stream leads to one, as under nohup(1). nohup's own word, SIGHUP
 * ignored, never gets here: Node sets every signal back to its default before it runs any code.
 */
export function outlivesTerminal(): boolean {
  return ![0, 1, 2].some((fd) => isatty(fd))
}

/** Ignores SIGHUP for all commands if it is to end none. */
export function outliveTerminal(): void {
  if (outlivesTerminal()) process.on('SIGHUP', () => {})
}
