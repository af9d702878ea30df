import { spawn } from 'node:child_process'

/** A load that runs until it is stopped. */
export interface SoakLoad {
  /** @returns a description of its fault; empty without one */
  stop(): Promise<string[]>
}

/** A load that is a program. */
export interface ProgramLoad extends SoakLoad {
  /** The faults, as returned by `stop`. Available once the load has failed or was stopped. */
  readonly faults: Promise<string[]>
}

/** Runs a program again and again, each time in a new process. After a failure it is not run again. */
export function repeatProgram(command: readonly string[]): ProgramLoad {
  let running = startProgram(command)
  let isOver = false
  const run = async () => {
    for (;;) {
      const end = await running.ended
      if (isOver) return []
      if (end !== 'status 0') return [`${command.join(' ')}: it ended with ${end}`]
      running = startProgram(command)
    }
  }
  const faults = run()
  return {
    faults,
    stop() {
      isOver = true
      running.kill()
      return faults
    },
  }
}

/** Runs a program that must not end by itself. */
export function keepProgram(command: readonly string[]): ProgramLoad {
  const { ended, kill } = startProgram(command)
  let isOver = false
  const faults = ended.then((end) => (isOver ? [] : [`${command.join(' ')}: it ended with ${end}`]))
  return {
    faults,
    stop() {
      isOver = true
      kill()
      return faults
    },
  }
}

function startProgram([program = '', ...args]: readonly string[]) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise<string>((resolve) => {
    child.on('error', ({ message }) => resolve(message))
    child.on('close', (status, signal) => resolve(signal ?? `status ${status}`))
  })
  return { ended, kill: () => void child.kill() }
}
