import { Zstd } from '@hpcc-js/wasm-zstd'

/** Returns a zstd frame (RFC 8878) of exactly these bytes. */
export type Compress = (bytes: Uint8Array) => Uint8Array

/** The fastest regular level: higher ones take several times as long and save a few percent. */
const LEVEL = 1

/** The library's view of the memory of its module. */
interface Heap {
  heapView(block: object): Uint8Array
  heapToUint8Array(block: object): Uint8Array
}

/** The library copies each result byte by byte through an array, which takes half of the time of an export. */
function copyAtOnce({ _mainModule: heap }: { readonly _mainModule: Heap }): void {
  heap.heapToUint8Array = (block) => heap.heapView(block).slice()
}

/** Loads zstd as WebAssembly: zlib of Node.js 20 lacks it, and a native module would require a compiler on the host. */
export async function loadZstd(): Promise<Compress> {
  const zstd = await Zstd.load()
  copyAtOnce(zstd as unknown as { readonly _mainModule: Heap })
  return (bytes) => zstd.compress(bytes, LEVEL)
}
