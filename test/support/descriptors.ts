import { readFileSync, readdirSync, readlinkSync } from 'node:fs'

/** The fields of /proc/PID/fdinfo of each descriptor of a process: `prog_id: 7` becomes `{ prog_id: '7' }`. */
export function readDescriptors(pid: number): Readonly<Record<string, string>>[] {
  const directory = `/proc/${pid}/fdinfo`
  return readdirSync(directory).map((fd) => {
    const lines = readFileSync(`${directory}/${fd}`, 'utf8').matchAll(/^(\w+):[ \t]*(.*)$/gm)
    return Object.fromEntries([...lines].map(([, name, value]) => [name, value]))
  })
}

/** Paths of the files that a process has open. */
export function findOpenFiles(pid: number): string[] {
  const directory = `/proc/${pid}/fd`
  return readdirSync(directory).flatMap((fd) => {
    try {
      return [readlinkSync(`${directory}/${fd}`)]
    } catch {
      // The descriptor was closed meanwhile.
      return []
    }
  })
}
