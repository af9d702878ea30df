/** Sleeps where nothing else may run meanwhile: other programs may have this CPU, other tasks of this one have to wait. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
