import { expect, test } from 'vitest'
import { formatEdge, latencyEdges } from '../../../src/analyze/charts/latency-scale.js'
import { createRandom } from '../../store/random.js'

test('edges are round and span all latencies, with at most the allowed number of bands', () => {
  expect(latencyEdges(30_000, 3e9, 24)).toEqual([
    20e3, 50e3, 100e3, 200e3, 500e3, 1e6, 2e6, 5e6, 10e6, 20e6, 50e6, 100e6, 200e6, 500e6, 1e9, 2e9, 5e9,
  ])
  expect(latencyEdges(30_000, 3e9, 15)).toEqual([
    30e3, 100e3, 300e3, 1e6, 3e6, 10e6, 30e6, 100e6, 300e6, 1e9, 3e9, 10e9,
  ])
  expect(latencyEdges(50_000, 50_000, 20)).toEqual([50_000, 55_000])
  expect(latencyEdges(0, 3, 20)).toEqual([0, 1, 2, 3, 4])
  expect(latencyEdges(0, 0, 20)).toEqual([0, 1])
})

test('all latencies are within the edges, and there are not too many edges', () => {
  const random = createRandom(1)
  for (let i = 0; i < 2000; i++) {
    const [minNs, maxNs] = [random(), random()].map((value) => Math.floor(2 ** (value * 53))).toSorted((a, b) => a - b)
    const edges = latencyEdges(minNs!, maxNs!, 20)
    expect(edges.length).toBeLessThanOrEqual(21)
    expect(edges[0]).toBeLessThanOrEqual(minNs!)
    expect(edges[1]).toBeGreaterThan(minNs!)
    expect(edges.at(-1)).toBeGreaterThan(maxNs!)
    expect(edges.at(-2)).toBeLessThanOrEqual(maxNs!)
    expect(edges.every((edge, at) => Number.isInteger(edge) && (at === 0 || edge > edges[at - 1]!))).toBe(true)
  }
  expect(latencyEdges(0, 2 ** 53, 17).length).toBeLessThanOrEqual(18)
})

test.each([
  [0, '0 ns'],
  [1, '1 ns'],
  [1500, '1.5 µs'],
  [20_000, '20 µs'],
  [100_000, '100 µs'],
  [1e6, '1 ms'],
  [2.2e9, '2.2 s'],
  [100e9, '100 s'],
  [1e12, '16m40s'],
])('an edge of %d ns is %j', (ns, text) => {
  expect(formatEdge(ns)).toBe(text)
})
