import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findSecrets, readSecrets } from '../../analyze/share/declared-secrets.js'
import { makeCgroup } from '../../support/cgroup.js'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq } from '../../support/dns-server.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { run } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { workloadPath } from '../../support/workload.js'

const NAMES = ['billing.acme-corp.com', 'vault.acme-corp.internal']
const ADDRESSES = ['10.77.193.201', '10.77.211.199']
const COMM = 'acme-connector'

describeKernel('a shared copy of a recorded trace', () => {
  test.each(['default', 'strict'])(
    'at level %s contains no name, address or path in any form (SEC-64)',
    async (level) => {
      const namespace = makeAddressedNamespace()
      const { exec: under } = namespace
      const cgroup = makeCgroup()
      // The thread has the name of the link.
      const program = join(makeTemporaryDirectory(), COMM)
      symlinkSync(workloadPath('connect'), program)
      await startDnsmasq(
        namespace,
        NAMES.map((name, i) => `--host-record=${name},${ADDRESSES[i]}`),
      )
      const { file } = await recordWhile({ args: ['--dns', '--local-errors'] }, async () => {
        for (const name of NAMES) await lookUp([{ name }], { kind: 'resolver', under })
        for (const address of ADDRESSES) await run([...cgroup.exec, ...under, program, address, '443'])
      })
      const secrets = readSecrets(file)
      const ofKind = (kind: Parameters<typeof secrets.get>[0]) => [...(secrets.get(kind) ?? [])]
      expect(ofKind('dns name')).toEqual(expect.arrayContaining(NAMES))
      expect(ofKind('address text')).toEqual(expect.arrayContaining(ADDRESSES))
      expect(ofKind('path')).toContain(cgroup.path)
      expect(ofKind('program')).toContain(COMM)
      expect(ofKind('host')).toHaveLength(1)
      expect(ofKind('command line')).toEqual([expect.stringContaining(file)])
      expect(ofKind('boot id')).toHaveLength(1)

      const output = join(makeTemporaryDirectory(), 'shared.db')
      const { status, stderr } = await runTool(['share', file, '--level', level, '--session', 'all', '-o', output])
      expect([status, stderr]).toEqual([0, expect.stringContaining(`pseudonymised, level ${level}`)])
      expect(findSecrets(file, output)).toEqual([])
      expect((await runTool(['info', output])).stdout).toContain(`pseudonymised: level ${level}`)
    },
  )
})
