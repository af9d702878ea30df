import { showObject } from './bpf-objects.js'
import { readDescriptors } from './descriptors.js'

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
  const ids = new Set(readDescriptors(pid).flatMap(({ map_id }) => map_id ?? []))
  const facts = [...ids].flatMap((id) => showObject<MapFacts>('map', id) ?? [])
  const found = facts.find((map) => map.name.endsWith(name))
  if (found === undefined) throw new Error(`recorder ${pid} has no map ${name}`)
  return found
}
