import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readOtlpHeaders } from '../../../src/record/metrics/read-otlp-headers.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'

const url = new URL('https://otel.example/v1/metrics')

function fileOf(text: string, mode = 0o600): string {
  const path = join(makeTemporaryDirectory(), 'headers')
  writeFileSync(path, text, { mode })
  return path
}

test('headers come from the environment and from a file, which counts more (SEC-76)', () => {
  const env = { OTEL_EXPORTER_OTLP_HEADERS: 'a=1%202, B=x=y', OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'c=3' }
  expect(readOtlpHeaders({ url, headersFile: null }, env)).toEqual({ a: '1 2', b: 'x=y', c: '3' })
  const headersFile = fileOf('# for the collector\n\nAuthorization: Bearer hunter2\nA: 4\n')
  expect(readOtlpHeaders({ url, headersFile }, env)).toEqual({
    a: '4',
    b: 'x=y',
    c: '3',
    authorization: 'Bearer hunter2',
  })
})

test.each([
  ['a file that others may read', () => ({ headersFile: fileOf('A: hunter2', 0o644) }), {}],
  ['a missing file', () => ({ headersFile: '/nonexistent/headers' }), {}],
  ['a directory', () => ({ headersFile: makeTemporaryDirectory() }), {}],
  ['a line without a colon', () => ({ headersFile: fileOf('hunter2\n') }), {}],
  ['a value with a line break', () => ({ headersFile: null }), { OTEL_EXPORTER_OTLP_HEADERS: 'a=hunter2%0aX:1' }],
  ['a malformed variable', () => ({ headersFile: null }), { OTEL_EXPORTER_OTLP_HEADERS: 'hunter2' }],
  ['a header of the encoding', () => ({ headersFile: fileOf('Content-Type: hunter2\n') }), {}],
  ['http: to another host', () => ({ headersFile: fileOf('A: hunter2\n'), url: new URL('http://otel.example/') }), {}],
])('%s is an error that does not show the secret (SEC-76)', (_, makeTarget, env) => {
  const read = () => readOtlpHeaders({ url, ...makeTarget() }, env)
  expect(read).toThrow(expect.objectContaining({ code: 'E_OTLP', hint: expect.not.stringContaining('hunter2') }))
  expect(read).not.toThrow(/hunter2/)
  expect(read).not.toThrow(expect.objectContaining({ reason: expect.stringContaining('hunter2') }))
})

test('http: on this host may have headers', () => {
  const target = { url: new URL('http://127.0.0.1:4318/'), headersFile: null }
  expect(readOtlpHeaders(target, { OTEL_EXPORTER_OTLP_HEADERS: 'a=1' })).toEqual({ a: '1' })
})
