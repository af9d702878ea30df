import { replaceIds } from '../../sums/replace-ids.js'
import type { SharedIds } from './shared-ids.js'

/** Replaces the ids in stored sums. */
export type ReplaceSums = (dimension: string, blob: Uint8Array) => Uint8Array

/** @param shiftSeconds added to the Unix seconds of the dimension `second` */
export function createSumsReplacement(ids: SharedIds, shiftSeconds: number): ReplaceSums {
  const idOf = (table: 'endpoint' | 'process') => (id: number) => Number(ids.of(table, BigInt(id)))
  const stays = (table: 'endpoint' | 'process') => ids.offset(table) === 0n && ids.changed[table].size === 0
  const replacements: Record<string, { readonly isSame: boolean; readonly of: (id: number) => number }> = {
    endpoint: { isSame: stays('endpoint'), of: idOf('endpoint') },
    process: { isSame: stays('process') && stays('endpoint'), of: idOf('process') },
    second: { isSame: shiftSeconds === 0, of: (second) => second + shiftSeconds },
  }
  const endpointOf = stays('endpoint') ? null : idOf('endpoint')
  return (dimension, blob) => {
    const replacement = replacements[dimension]
    if (replacement === undefined) throw new Error(`sums by ${dimension} are not known`)
    return replacement.isSame ? blob : replaceIds(blob, replacement.of, endpointOf)
  }
}
