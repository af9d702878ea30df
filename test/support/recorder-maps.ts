import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

/** A BPF map, as bpftool shows it. */
export interface MapFacts {
  readonly id: number
  readonly name: string
  readonly bytes_value: number
  readonly max_entries: number
}

/**
 * Finds a map of a running recorder.
 * @param name or the end of it: the kernel puts the name of the object before `.bss`
 */
export function findMap(pid: number, name: string): MapFacts {
  const infos = readdirSync(`/proc/${pid}/fdinfo`).map((fd) => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))
  const ids = new Set(infos.flatMap((info) => /^map_id:\s*(\d+)$/m.exec(info)?.[1] ?? []))
  const facts = [...ids].map((id) =>
    JSON.parse(execFileSync('bpftool', ['-j', 'map', 'show', 'id', id], { encoding: 'utf8' })),
  )
  const found = (facts as MapFacts[]).find((map) => map.name.endsWith(name))
  if (found === undefined) throw new Error(`recorder ${pid} has no map ${name}`)
  return found
}
