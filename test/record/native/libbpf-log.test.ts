import { expect, test } from 'vitest'
import { summarizeLog } from '../../../src/record/native/libbpf-log.js'

test("the reason is the verifier's message, not what libbpf adds to it", () => {
  const lines = [
    "libbpf: prog 'trace_connect': BPF program load failed: Invalid argument",
    "libbpf: prog 'trace_connect': -- BEGIN PROG LOAD LOG --",
    'R1 type=ctx expected=fp',
    'unknown func bpf_sk_storage_get#107',
    'processed 5 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0',
    '-- END PROG LOAD LOG --',
    "libbpf: failed to load program 'trace_connect'",
    "libbpf: failed to load object 'tcpconn.bpf.o'",
  ]
  expect(summarizeLog(lines)).toBe('unknown func bpf_sk_storage_get#107')
})

test("the verifier's message is found anywhere in the log", () => {
  const lines = [
    'invalid access to memory, mem_size=512 off=32 size=4096',
    "libbpf: prog 'follow_answers': BPF program load failed: Permission denied",
    "libbpf: failed to load object 'tcpconn.bpf.o'",
  ]
  expect(summarizeLog(lines)).toBe('invalid access to memory, mem_size=512 off=32 size=4096')
})

test('a kernel that refuses all BPF programs is reported by errno', () => {
  const lines = [
    "libbpf: Error in bpf_object__probe_loading():Operation not permitted(1). Couldn't load trivial BPF program.",
    "libbpf: failed to load object 'tcpconn.bpf.o'",
  ]
  expect(summarizeLog(lines)).toContain('Operation not permitted')
})

test.each([
  ["can't find", ["libbpf: map 'x': can't find it", 'libbpf: failed to load object']],
  ['failed to load object', ['libbpf: loading', 'libbpf: failed to load object']],
  ['failed to open', ['libbpf: failed to open a.o', 'libbpf: done']],
  ['the last word', ['one word', 'libbpf: the last word']],
  ['libbpf gave no reason', []],
])('extracts the reason: %s', (summary, lines) => {
  expect(summarizeLog(lines)).toContain(summary)
  expect(summarizeLog(lines)).not.toMatch(/^libbpf: /)
})
