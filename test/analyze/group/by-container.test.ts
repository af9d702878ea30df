import { expect, test } from 'vitest'
import { latency } from '../../../src/analyze/queries/latency/latency.js'
import { rowObjects, runQuery } from '../query-rows.js'
import { makeSampleTrace } from '../sample-trace.js'

test('a container of a user whose name has slashes has a row of its own, not that of a pod (SEC-97)', () => {
  const events = [{ cgroupId: 1n }, { cgroupId: 2n, pid: 2 }, { cgroupId: 2n, pid: 2 }, { cgroupId: 3n, pid: 3 }]
  const { db, file } = makeSampleTrace({ batches: [events] })
  db.exec(`
    WITH one(key, name, namespace, pod, container) AS (VALUES
      (1, NULL, 'shop', 'cart-0', 'cart'), (2, 'shop/cart-0/cart', NULL, NULL, NULL), (3, 'web', NULL, NULL, NULL))
    INSERT INTO container (container_key, session_id, container_id, container_name, pod_namespace, pod_name, pod_container_name)
      SELECT key, session_id, 'id ' || key, name, namespace, pod, container FROM session, one;
    UPDATE cgroup SET container_key = kernel_cgroup_id`)
  const rows = rowObjects(runQuery(latency, [file], {}, { values: { by: 'container' } }))
  expect(rows.map(({ container, attempts }) => [container, attempts]).toSorted()).toEqual([
    ['shop/cart-0/cart', 1],
    [String.raw`shop\x2fcart-0\x2fcart`, 2],
    ['web', 1],
  ])
})
