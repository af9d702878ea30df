import { Zstd } from '@hpcc-js/wasm-zstd'

/** Returns a zstd frame (RFC 8878) of exactly these bytes. */
export type Compress = (bytes: Uint8Array) => Uint8Array

/** The fastest of the regular levels: higher ones take several times as long for a few percent. */
const LEVEL = 1

/** Loads zstd as WebAssembly: Node.js 20 has none in its zlib, and a native module would need a compiler on the host. */
export async function loadZstd(): Promise<Compress> {
  const zstd = await Zstd.load()
  return (bytes) => zstd.compress(bytes, LEVEL)
}
