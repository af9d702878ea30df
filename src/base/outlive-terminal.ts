import { isatty } from 'node:tty'

/**
 * Whether the program survives a closed terminal: no stream leads to a terminal, as under nohup(1). An ignored SIGHUP
 * cannot be detected: Node resets every signal to its default before it runs any code.
 */
export function outlivesTerminal(): boolean {
  return ![0, 1, 2].some((fd) => isatty(fd))
}

/** Ignores SIGHUP for all commands if the program survives a closed terminal. */
export function outliveTerminal(): void {
  if (outlivesTerminal()) process.on('SIGHUP', () => {})
}
