import { expect, test } from 'vitest'
import { checkAddresses, checkContainers, checkNames, checkNamespaces } from '../../../src/record/doctor/host-limits.js'

test('reports containers of cgroup v1', () => {
  expect(checkContainers(false)).toMatchObject({ todo: null, isLimit: false })
  expect(checkContainers(true)).toMatchObject({
    found: expect.stringMatching(/^containers under cgroup v1 cannot be distinguished/),
    todo: expect.stringMatching(/systemd\.unified_cgroup_hierarchy=1/),
    isOptional: true,
    isLimit: true,
  })
})

test('reports BPF programs on connect(2) by name', () => {
  expect(checkAddresses({ names: [], isCut: false })).toMatchObject({ todo: null, isLimit: false })
  expect(checkAddresses({ names: ['cil_sock4_connect', 'program 7'], isCut: true })).toMatchObject({
    found: expect.stringContaining('(cil_sock4_connect, program 7): remote addresses may be those of backends'),
    isOptional: true,
    isLimit: true,
  })
})

test('reports cgroups beyond the inspected ones if nothing was found in those (GAP-18, GAP-22)', () => {
  expect(checkContainers(null)).toMatchObject({
    found: expect.stringMatching(
      /^no container under cgroup v1 among the first 4096 cgroups and processes; the others are not checked/,
    ),
    isOptional: true,
    isLimit: true,
  })
  expect(checkAddresses({ names: [], isCut: true })).toMatchObject({
    found: expect.stringMatching(/in the first 4096 cgroups; the others are not checked/),
    isOptional: true,
    isLimit: true,
  })
})

test('reports network namespaces without cookies before Linux 5.12 (GAP-04)', () => {
  expect(checkNamespaces('5.12.0')).toMatchObject({ todo: null, isLimit: false })
  expect(checkNamespaces('5.10.0-32-cloud-amd64')).toMatchObject({
    found: expect.stringMatching(/^network namespaces have no cookies before Linux 5\.12/),
    isOptional: true,
    isLimit: true,
  })
})

test('reports that BPF programs cannot be listed', () => {
  expect(checkAddresses(null)).toMatchObject({
    found: expect.stringMatching(/^cannot list BPF programs on connect\(2\)/),
    isOptional: true,
    isLimit: true,
  })
})

test('reads files of runtimes with CAP_DAC_READ_SEARCH, and files of root as root', () => {
  expect(checkNames(1n << 2n, false)).toMatchObject({ todo: null, isLimit: false })
  expect(checkNames(0n, true)).toMatchObject({
    found: "files of root's container runtimes are readable, those of other users are not (CAP_DAC_READ_SEARCH)",
    todo: null,
    isLimit: false,
  })
  expect(checkNames(1n << 39n, false)).toMatchObject({
    todo: 'grant CAP_DAC_READ_SEARCH',
    isOptional: true,
    isLimit: true,
  })
})
