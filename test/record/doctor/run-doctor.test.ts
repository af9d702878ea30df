import { describe, expect, test } from 'vitest'
import {
  checkBtf,
  checkCgroup,
  checkContainer,
  checkKernel,
  checkLibbpf,
  checkPrivileges,
  checkSqlite,
  renderCheck,
} from '../../../src/record/doctor/run-doctor.js'
import { TcpconnError } from '../../../src/base/errors.js'
import { describeGaps, type HostFindings } from '../../../src/record/host/host-gaps.js'
import { runTool } from '../../support/tool.js'

describe('a check', () => {
  test('that is fine takes one line', () => {
    expect(renderCheck({ name: 'kernel', found: 'Linux 6.1.0', todo: null })).toEqual(['ok  kernel      Linux 6.1.0'])
  })

  test('that is not has the thing to do below it', () => {
    expect(renderCheck({ name: 'BTF', found: 'missing', todo: 'do this' })).toEqual([
      'no  BTF         missing',
      '                do this',
    ])
  })

  test('that only costs a part is told from one that costs all', () => {
    const [line] = renderCheck({ name: 'cgroup v2', found: 'not mounted', todo: 'mount it', isOptional: true })
    expect(line).toBe('--  cgroup v2   not mounted')
  })

  test('shows what it found without steering the terminal', () => {
    expect(renderCheck({ name: 'x', found: '\x1b[2J', todo: '\x07' }).join()).not.toMatch(/[\x1b\x07]/)
  })
})

describe('kernel', () => {
  test('new enough', () => {
    expect(checkKernel('6.1.0-18-amd64')).toEqual({ name: 'kernel', found: 'Linux 6.1.0-18-amd64', todo: null })
  })

  test('too old (GAP-01)', () => {
    expect(checkKernel('5.4.0').todo).toMatch(/kernel 5\.8 or newer/)
  })
})

describe('BTF', () => {
  test('there', () => {
    expect(checkBtf('/').todo).toBeNull()
  })

  test('missing', () => {
    expect(checkBtf('/no/btf')).toMatchObject({
      found: '/no/btf is missing',
      todo: expect.stringMatching(/CONFIG_DEBUG_INFO_BTF=y/),
    })
  })
})

describe('libbpf', () => {
  test('there, with its version', () => {
    expect(checkLibbpf()).toEqual({ name: 'libbpf', found: expect.stringMatching(/^version 1\.\d+/), todo: null })
  })

  test('missing', () => {
    const { found, todo } = checkLibbpf('libbpf-of-nobody.so.1')
    expect(found).toMatch(/libbpf is missing: .*libbpf-of-nobody\.so\.1: .*cannot open shared object/)
    expect(todo).toContain('apt-get install libbpf1')
  })

  test('a library that is no libbpf is not well', () => {
    expect(checkLibbpf('libc.so.6').todo).not.toBeNull()
  })
})

describe('SQLite', () => {
  test('there, with its version', () => {
    expect(checkSqlite()).toEqual({ name: 'SQLite', found: expect.stringMatching(/^version 3\.\d+/), todo: null })
  })

  test('compiled for another Node.js', () => {
    const fault = { what: 'cannot load it', reason: 'another Node.js', hint: 'repair it: npm rebuild' }
    const open = () => {
      throw new TcpconnError('E_NATIVE_MODULE', fault)
    }
    expect(checkSqlite(open)).toEqual({ name: 'SQLite', found: `${fault.what}: ${fault.reason}`, todo: fault.hint })
  })
})

describe('privileges', () => {
  test('enough', () => {
    expect(checkPrivileges([]).todo).toBeNull()
  })

  test('missing ones are named', () => {
    expect(checkPrivileges(['CAP_BPF', 'CAP_PERFMON'], false)).toMatchObject({
      found: 'missing CAP_BPF, CAP_PERFMON',
      todo: expect.stringContaining('sudo tcpconn doctor'),
    })
  })
})

test('privileges that root lacks, as in a container, take options of the container', () => {
  const { todo } = checkPrivileges(['CAP_BPF', 'CAP_PERFMON'], true)
  expect(todo).toContain('--cap-add BPF --cap-add PERFMON or --privileged (podman, docker)')
  expect(todo).not.toContain('sudo')
})

describe('cgroup v2', () => {
  test('mounted', () => {
    expect(checkCgroup({ path: '/sys/fs/cgroup', isWhole: true })).toEqual({
      name: 'cgroup v2',
      found: 'mounted at /sys/fs/cgroup',
      todo: null,
    })
  })

  test('not mounted costs a part only', () => {
    expect(checkCgroup(null)).toMatchObject({ isOptional: true, todo: expect.stringContaining('mount -t cgroup2') })
  })

  test('is to be mounted where it hides nothing', () => {
    const [, mountPoint] = /mount -t cgroup2 none (\S+?),/.exec(checkCgroup(null).todo ?? '') ?? []
    expect(mountPoint).not.toMatch(/^\/sys\/fs\/cgroup$/)
    expect(mountPoint).toMatch(/^\/run\//)
  })

  test('mounted for the recorder alone', () => {
    const check = checkCgroup({ path: '/proc/self/fd/21', isWhole: true })
    expect(check).toEqual({ name: 'cgroup v2', found: 'the whole tree, through a private mount', todo: null })
  })
})

describe('container', () => {
  const whole = { hasHostPids: true, hasRoot: true, hasName: true, cgroups: 'all' as const, accountServices: [] }

  test('one that sees the whole host takes no line', () => {
    expect(checkContainer({ gaps: describeGaps(whole) })).toEqual([])
  })

  test('accounts of the host that a container cannot query are named (GAP-75)', () => {
    const gaps = describeGaps({ ...whole, accountServices: ['sss', 'ldap'] })
    expect(checkContainer({ gaps })).toEqual([
      {
        name: 'container',
        found: expect.stringContaining('users from other sources (sss, ldap) have no names'),
        todo: 'run the recorder on the host itself',
        isOptional: true,
      },
    ])
  })

  test.each<[Partial<HostFindings>, string, string]>([
    [{ hasHostPids: false }, 'the processes of the host', '--pid=host (podman, docker), hostPID: true (Kubernetes)'],
    [{ cgroups: 'none' as const }, 'sees no cgroups', '--privileged (podman, docker)'],
    [{ cgroups: 'own' as const }, 'its own cgroup only', '--cgroupns=host (podman, docker)'],
    [{ hasRoot: false }, 'the files of the host', 'mount / of the host at /host'],
    [{ hasName: false }, 'the name of the host', '--uts=host (podman, docker)'],
  ])(
    '%o: it says what is not seen, and which option shows it (GAP-16, GAP-17, GAP-19, GAP-20)',
    (missing, found, todo) => {
      const gaps = describeGaps({ ...whole, ...missing })
      expect(checkContainer({ gaps })).toEqual([
        {
          name: 'container',
          found: expect.stringContaining(found),
          todo: expect.stringMatching(/^start it with /),
          isOptional: true,
        },
      ])
      expect(gaps[0]).toContain(todo)
    },
  )
})

test('the exit status says whether this host can record, and every line is a check or what to do', async () => {
  const { stdout, stderr, status } = await runTool(['doctor'])
  const lines = stdout.trimEnd().split('\n')
  expect(stderr).toBe('')
  const names = lines.flatMap((line) => /^(?:ok|no|--) {2}(.{11})/.exec(line)?.[1]?.trim() ?? [])
  const basics = ['kernel', 'BTF', 'libbpf', 'SQLite', 'privileges', 'cgroup v2', 'probe', 'ring']
  // What can be seen beside is tried only where the probe can be loaded.
  const features = lines.some((line) => line.startsWith('no'))
    ? []
    : ['DNS', 'getaddrinfo', 'NAT', 'connect(2)', 'containers', 'addresses', 'namespaces', 'names']
  expect(names).toEqual([...basics, ...features])
  for (const line of lines) expect(line).toMatch(/^(ok|no|--) {2}\S|^ {16}\S/)
  expect(status).toBe(lines.some((line) => line.startsWith('no')) ? 1 : 0)
})
