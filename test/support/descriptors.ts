import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/** The fields of /proc/PID/fdinfo of each descriptor of a process: `prog_id: 7` becomes `{ prog_id: '7' }`. */
export function readDescriptors(pid: number): Readonly<Record<string, string>>[] {
  return readEach(`/proc/${pid}/fdinfo`, (path) => {
    const lines = readFileSync(path, 'utf8').matchAll(/^(\w+):[ \t]*(.*)$/gm)
    return Object.fromEntries([...lines].map(([, name, value]) => [name, value]))
  })
}

/** Paths of the files that a process has open. */
export function findOpenFiles(pid: number): string[] {
  return readEach(`/proc/${pid}/fd`, (path) => readlinkSync(path))
}

/** Without the descriptors that are closed meanwhile. */
function readEach<T>(directory: string, read: (path: string) => T): T[] {
  return readdirSync(directory).flatMap((fd) => {
    try {
      return [read(`${directory}/${fd}`)]
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  })
}
