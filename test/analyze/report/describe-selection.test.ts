import { expect, test } from 'vitest'
import { describeSelection } from '../../../src/analyze/report/describe-selection.js'

test('the options of a selection can be typed again, those of containers too', () => {
  const raw = {
    last: '1h',
    ipv4: true,
    minLatency: '5ms',
    port: ['80', '443'],
    container: ['web'],
    pod: ['shop/cart-0'],
  }
  expect(describeSelection({ ...raw, namespace: ['shop'] })).toBe(
    '--last 1h --port 80 --port 443 --ipv4 --min-latency 5ms --container web --pod shop/cart-0 --namespace shop',
  )
  expect(describeSelection({})).toBe('all attempts')
})
