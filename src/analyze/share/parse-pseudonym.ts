import { isIP } from 'node:net'
import { parseAddress } from '../../attempt/address.js'

/** A pseudonym as people copy it from outputs, without its port. */
export interface CopiedPseudonym {
  readonly typed: string
  /** 16 bytes; `null` for a name */
  readonly address: Uint8Array | null
  readonly name: string
  readonly port: number | null
}

const IN_BRACKETS = /^\[([^\]]*)\](?::(\d{1,5}))?$/
const WITH_PORT = /^([^:]+):(\d{1,5})$/

/** Takes `ADDRESS`, `ADDRESS:PORT`, `[ADDRESS]`, `[ADDRESS]:PORT`, `NAME` and `NAME:PORT`. */
export function parsePseudonym(typed: string): CopiedPseudonym {
  const text = typed.trim()
  const [, name = text, port] = IN_BRACKETS.exec(text) ?? WITH_PORT.exec(text) ?? []
  // Without this check, a number alone would be an address.
  const address = isIP(name) === 0 ? null : parseAddress(name)
  // 0 stands for a port that was dropped.
  return { typed, address, name, port: Number(port ?? 0) || null }
}
