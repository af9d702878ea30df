/** Entry point of the worker threads, dist/decode-worker.js: decodes chunks of scans. */
import { parentPort } from 'node:worker_threads'
import { createChunkQueue } from './chunk-queue.js'
import { createChunkDecoder, type DecodeTask } from './decode-chunks.js'

parentPort?.on('message', (task: DecodeTask) => {
  const queue = createChunkQueue(task.memory)
  const decode = createChunkDecoder(task)
  for (;;) {
    // Read before the claim: a chunk taken in between ends the wait at once.
    const taken = queue.takenCount()
    const chunk = queue.claim()
    if (chunk >= 0) decode(chunk)
    else if (queue.isOver()) return
    else queue.waitForTaken(taken)
  }
})
