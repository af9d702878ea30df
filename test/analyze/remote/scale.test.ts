import { onTestFinished, test } from 'vitest'
import { migrateFleet } from '../../../src/fleet/migrate.js'
import { startClickhouse } from '../../support/clickhouse-server.js'
import { makeSampleTrace } from '../sample-trace.js'
import { createRandom } from '../../store/random.js'
import { variedEvents } from '../varied-events.js'
import { push } from '../../../src/push/push.js'
import { FLEET_TABLES } from '../../../src/fleet/trace-tables.js'
import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

/** A day of one host: windows of a minute, copied to hosts on the server */
test('x', { timeout: 6000000 }, async () => {
  const server = await startClickhouse()
  onTestFinished(() => server[Symbol.asyncDispose]())
  await migrateFleet(server.url(), { passwordFile: server.passwordFile() })
  const random = createRandom(1)
  const windows = Number(process.env.WINDOWS ?? 100)
  const batches = Array.from({ length: windows }, (_, i) => [
    variedEvents(random, 60).map((e) => ({
      ...e,
      startedNs: BigInt(i) * 60_000_000_000n + (BigInt(e.startedNs ?? 0n) % 60_000_000_000n),
    })),
    null,
  ]).flat()
  const t = makeSampleTrace({ batches })
  t.db.exec(`UPDATE session SET duration_ns = ${windows} * 60000000000`)
  t.db.pragma('journal_mode = DELETE')
  console.log(
    JSON.stringify(t.db.prepare('select count(*), sum(length(sums)) from window_rollup').raw().all()),
    JSON.stringify(t.db.prepare('select count(*), sum(length(sums)) from window_sums').raw().all()),
  )
  t.db.close()
  await push([t.file], { to: server.url(), passwordFile: server.passwordFile() })
  const hosts = Number(process.env.HOSTS ?? 1000)
  for (const table of [...Object.values(FLEET_TABLES).map((one) => one.name), 'attempts']) {
    const uuid = `UUIDNumToString(toFixedString(unhex(concat(substring(hex(UUIDStringToNum(toString(session_uuid))), 1, 24), leftPad(hex(number), 8, '0'))), 16))`
    await server.query(
      `INSERT INTO fleet.${table} SELECT * EXCEPT(number) REPLACE(concat('host-', leftPad(toString(number), 5, '0')) AS host, toUUID(${uuid}) AS session_uuid) FROM (SELECT * FROM fleet.${table} WHERE host = 'web-1') AS t CROSS JOIN (SELECT number FROM numbers(${hosts})) AS n`,
    )
  }
  console.log(
    JSON.stringify(
      await server.query(
        "SELECT table, sum(rows) r, formatReadableSize(sum(bytes_on_disk)) b FROM system.parts WHERE database = 'fleet' AND active GROUP BY table ORDER BY r",
      ),
    ),
  )
  writeFileSync('/tmp/fleet-from-server', [server.url(), server.passwordFile(), t.file].join('\n'))
  while (!existsSync('/tmp/fleet-from-stop')) await setTimeout(500)
})
