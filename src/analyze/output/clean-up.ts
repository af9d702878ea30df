import { outlivesTerminal } from '../../base/outlive-terminal.js'

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Removals that are due if this process ends now. */
const pending = new Set<() => void>()
const listening: NodeJS.Signals[] = []

/**
 * Runs `remove` if the process ends before the returned function is called, also by SIGINT or SIGTERM, which then still ends the
 * process. Signals are handled only between two turns of the event loop.
 */
export function removeAtEnd(remove: () => void): () => void {
  if (pending.size === 0) listen()
  pending.add(remove)
  return () => {
    if (pending.delete(remove) && pending.size === 0) stopListening()
  }
}

function listen(): void {
  process.on('exit', removeAll)
  for (const signal of ENDING_SIGNALS) {
    if (signal === 'SIGHUP' && outlivesTerminal()) continue
    process.on(signal, endBySignal)
    listening.push(signal)
  }
}

function stopListening(): void {
  process.off('exit', removeAll)
  for (const signal of listening.splice(0)) process.off(signal, endBySignal)
}

function removeAll(): void {
  for (const remove of pending) remove()
  pending.clear()
}

function endBySignal(signal: NodeJS.Signals): void {
  removeAll()
  stopListening()
  process.kill(process.pid, signal)
}
