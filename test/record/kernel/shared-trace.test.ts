import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodingsOfAddress, encodingsOfName, findLeaks } from '../../analyze/share/leaked-encodings.js'
import { makeCgroup } from '../../support/cgroup.js'
import { lookUp } from '../../support/dns-client.js'
import { makeAddressedNamespace, startDnsmasq } from '../../support/dns-server.js'
import { describeKernel } from '../../support/kernel-tests.js'
import { run } from '../../support/process.js'
import { recordWhile } from '../../support/recorder.js'
import { makeTemporaryDirectory } from '../../support/temporary-directory.js'
import { runTool } from '../../support/tool.js'
import { queryTrace } from '../../support/trace.js'
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
      const texts = <Row extends Record<string, unknown>>(sql: string) =>
        queryTrace<Row>(file, sql).flatMap((row) => Object.values(row))
      const [session] = queryTrace<Record<string, string>>(file, 'SELECT boot_id, command_line FROM session')
      const recorded = texts('SELECT remote_address FROM endpoint UNION SELECT address FROM dns_address') as string[]
      expect(texts('SELECT dns_name FROM dns_name')).toEqual(expect.arrayContaining(NAMES))
      expect(recorded).toEqual(expect.arrayContaining(ADDRESSES))
      expect(texts('SELECT path FROM cgroup')).toContain(cgroup.path)
      expect(texts('SELECT comm FROM process')).toContain(COMM)

      const output = join(makeTemporaryDirectory(), 'shared.db')
      const { status, stderr } = await runTool(['share', file, '--level', level, '--session', 'all', '-o', output])
      expect([status, stderr]).toEqual([0, expect.stringContaining(`pseudonymised, level ${level}`)])
      const names = [
        ...NAMES,
        COMM,
        cgroup.path,
        cgroup.path.slice(1),
        session!.boot_id!,
        session!.command_line!,
        'acme-corp',
        'billing',
      ]
      const forms = [...names.flatMap(encodingsOfName), ...ADDRESSES.flatMap(encodingsOfAddress)]
      expect(findLeaks(readFileSync(output), forms)).toEqual([])
      expect((await runTool(['info', output])).stdout).toContain(`pseudonymised: level ${level}`)
    },
  )
})
