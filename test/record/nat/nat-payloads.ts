import { parseAddress } from '../../../src/attempt/address.js'
import { askedAddress, translation } from '../../../src/record/event/wire.gen.js'

/** An address and a port, as `10.0.0.1:80` or `fd00::1 80`. */
export type EndpointText = string

/** struct endpoint */
export function packEndpoint(text: EndpointText): Uint32Array {
  const [, address = '', port] = /^(.+)[: ](\d+)$/.exec(text) ?? []
  const words = new Uint32Array(5)
  new Uint8Array(words.buffer).set(parseAddress(address) as Uint8Array)
  words[4] = Number(port)
  return words
}

/** struct translation: of the route `from`, source and destination, to the route `to` */
export function packTranslation(
  from: readonly [EndpointText, EndpointText],
  to: readonly [EndpointText, EndpointText],
  isForwarded = true,
): Uint32Array {
  const words = new Uint32Array(translation.size_bytes / 4)
  ;[...from, ...to].forEach((text, i) => words.set(packEndpoint(text), 5 * i))
  words[translation.is_forwarded / 4] = isForwarded ? 1 : 0
  return words
}

/** struct asked_address */
export function packAsked(text: EndpointText, tid: number): Uint32Array {
  const words = new Uint32Array(askedAddress.size_bytes / 4)
  words.set(packEndpoint(text), askedAddress.endpoint / 4)
  words[askedAddress.tid / 4] = tid
  return words
}
