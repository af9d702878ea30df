import type { AttemptBatch, RowShape } from '../decode/attempt-batch.js'
import type { Dictionaries } from '../intern/dictionaries.js'
import { connectFlag } from '../probe/wire.gen.js'
import type { LatencyWindow } from './latency-window.js'

/** Adds a batch to the running window and to the counts per network namespace. To be called once it is committed. */
export function sumUpBatch(batch: AttemptBatch, window: LatencyWindow, dictionaries: Dictionaries): void {
  for (let row = 0; row < batch.count; row++) {
    window.add(batch, row)
    const { flags } = batch.shapes[batch.shape[row] as number] as RowShape
    // What sent no SYN is not in TcpActiveOpens.
    if ((flags & connectFlag.no_syn) === 0) dictionaries.countInNetns(batch.processEntry[row] as number)
  }
}
