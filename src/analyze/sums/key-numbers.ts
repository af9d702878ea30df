import type { Value } from '../result/result.js'
import type { SessionPart } from '../trace/scope.js'
import type { Dimension } from './dimension.js'
import { cached, createNumbering } from './numbering.js'

/** Numbers for the keys of a dimension, the same in every part: 0, 1, 2 … in the order of first sight. */
export interface KeyNumbers {
  /** @returns what gives the number of the key for an id of the part */
  of(part: SessionPart): (id: number) => number
  keyOf(number: number): readonly Value[]
}

/** Keys are told apart by host too where only some of their values tell them apart: a pid is one of its host. */
export function createKeyNumbers(dimension: Dimension): KeyNumbers {
  const keys: (readonly Value[])[] = []
  const numbers = createNumbering()
  return {
    of(part) {
      const keyOf = dimension.keys(part)
      return cached((id) => {
        const key = keyOf(id)
        const { identity } = dimension
        const number = numbers(identity === undefined ? key : [part.host, ...key.slice(0, identity)])
        keys[number] ??= key
        return number
      })
    },
    keyOf: (number) => keys[number] ?? [],
  }
}
