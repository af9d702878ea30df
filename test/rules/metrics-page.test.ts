import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { METRICS, prometheusName } from '../../src/record/metrics/metric.js'
import { METRIC_DIMENSIONS } from '../../src/record/options/parse-metrics.js'
import { createAttemptLabels } from '../../src/record/metrics/attempt-labels.js'
import { REPOSITORY } from '../support/repository.js'

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8')
const page = read('docs/metrics.md')
const metrics = Object.values(METRICS)
/** Names of time series. */
const series = metrics.flatMap((metric) => {
  const name = prometheusName(metric)
  return metric.kind === 'counter' ? [name] : [`${name}_bucket`, `${name}_sum`, `${name}_count`]
})
const NAME = /\b(?:tcpconn|system_network|dns_lookup)_[a-z_]+\b/g

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[]
}

test('docs/metrics.md lists each metric and each label by both of its names, and no other', () => {
  for (const metric of metrics)
    expect(page).toContain(`| \`${metric.name}\` | \`${prometheusName(metric)}\` | ${metric.kind}`)
  const known = [...series, ...metrics.map(prometheusName)]
  expect((page.match(NAME) ?? []).filter((name) => !known.includes(name))).toEqual([])
  for (const dimension of METRIC_DIMENSIONS) {
    const names = createAttemptLabels([dimension]).other.attributes.map(([name]) => `\`${name}\``)
    expect(page).toContain(`| \`${dimension}\` | ${names.join(', ')} | ${names.join(', ').replaceAll('.', '_')}`)
  }
})

test('the dashboard is valid, and asks only for metrics and labels that exist; each metric is in it', () => {
  const text = read('docs/grafana-dashboard.json')
  const { panels } = JSON.parse(text) as Dashboard
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  const used = expressions.flatMap((expression) => expression.match(NAME) ?? [])
  expect(expressions.length).toBeGreaterThan(10)
  expect(used.filter((name) => !series.includes(name))).toEqual([])
  const unused = metrics.filter((metric) => !used.some((name) => name.startsWith(prometheusName(metric))))
  expect(unused).toEqual([])
  const labels = ['outcome', 'error_type', 'cause', 'le', 'instance', 'thread_name', 'network_peer_port']
  const asked = expressions.flatMap((expression) => [...expression.matchAll(/by \(([^)]+)\)|[{,](\w+)[=!]/g)])
  expect(asked.map(([, by, selected]) => by ?? selected).filter((name) => !labels.includes(name ?? ''))).toEqual([])
})
