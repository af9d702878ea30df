import type { Command } from 'commander'
import { UsageError } from '../base/errors.js'
import type { ServerOptions } from '../clickhouse/connect.js'
import { parseDuration } from '../options/parse-duration.js'
import { once } from '../options/add-filter-options.js'
import type { PushOptions } from '../push/push.js'

const CLUSTER = 'replicated tables on this cluster of the server, and distributed tables over them'
const TTL = 'remove attempts and DNS lookups older than this: 30d (default: keep all)'

interface RawSchema {
  readonly cluster?: string
  readonly ttl?: string
}

const PUSH_EXAMPLES = `
Examples:
  tcpconn push tcpconn.db --to clickhouse://host-web1@db.example:8443/tcpconn --password-file /etc/tcpconn/password
  tcpconn push /var/lib/tcpconn --to clickhouse://host-web1@db.example:8443/tcpconn --follow`

/** Adds `push`: traces of a host into the tables of a fleet. */
export function addPush(program: Command): void {
  const command = program
    .command('push')
    .description('push traces to a fleet on a ClickHouse server, each attempt once, also while they are recorded')
    .argument('[paths...]', 'traces, and directories with traces', ['tcpconn.db'])
  addServerOptions(command)
    .option('--follow', 'continue to push what is recorded later, also in new files of a rotation')
    .option('--interval <time>', 'with --follow: time between two pushes, ±20% (default: 60s)')
    .addHelpText('after', PUSH_EXAMPLES)
    .action(async (paths: string[], options: PushOptions) => {
      const { push } = await import('../push/push.js')
      await push(paths, options)
    })
}

/** Adds `fleet`: the tables of a ClickHouse server that many hosts push to. */
export function addFleet(program: Command): void {
  const fleet = program
    .command('fleet')
    .description('create the tables of a fleet on a ClickHouse server')
    .addHelpText(
      'after',
      '\nExample:\n  tcpconn fleet migrate --to clickhouse://admin@db.example:8443/tcpconn --ttl 30d',
    )
  addSchemaOptions(
    fleet
      .command('schema')
      .description('print the SQL that creates the tables')
      .addHelpText('after', '\nExample:\n  tcpconn fleet schema --ttl 30d'),
  ).action(async (options: RawSchema) => {
    const { createStatements } = await import('../fleet/create-statements.js')
    const { userStatements } = await import('../fleet/user-statements.js')
    for (const statement of createStatements(parseSchema(options))) process.stdout.write(`${statement};\n\n`)
    const users = userStatements('tcpconn').map((statement) => `-- ${statement};\n`)
    process.stdout.write(`-- Users, for the database tcpconn. fleet migrate does not create them.\n${users.join('')}`)
  })
  addServerOptions(
    addSchemaOptions(
      fleet.command('migrate').description('create the tables, or set --ttl; needs a user who may create tables'),
    ),
  )
    .addHelpText(
      'after',
      '\nExample:\n  tcpconn fleet migrate --to clickhouse://admin@db.example:8443/tcpconn --ttl 30d',
    )
    .action(async ({ to, ...options }: RawSchema & ServerOptions & { to: string }) => {
      const { migrateFleet } = await import('../fleet/migrate.js')
      process.stdout.write(`${await migrateFleet(to, { ...options, ...parseSchema(options) })}\n`)
    })
}

/** Options of every command that writes to a server. */
function addServerOptions(command: Command): Command {
  return command
    .requiredOption(
      '--to <url>',
      'server and database: clickhouse://USER@HOST:PORT/DATABASE, without a password',
      once('--to'),
    )
    .option(
      '--password-file <file>',
      'file with the password of the server (default: the environment variable TCPCONN_CLICKHOUSE_PASSWORD)',
    )
    .option('--ca-file <file>', 'certificates in PEM that sign the certificate of the server')
}

function addSchemaOptions(command: Command): Command {
  return command.option('--cluster <name>', CLUSTER).option('--ttl <time>', TTL)
}

function parseSchema({ cluster, ttl }: RawSchema) {
  if (cluster === '')
    throw new UsageError('--cluster', cluster, 'the name of a cluster in the configuration of the server')
  const ttlNs = ttl === undefined ? undefined : parseDuration(ttl)
  if (ttlNs === null || (ttlNs !== undefined && ttlNs < 3600e9)) {
    throw new UsageError('--ttl', ttl ?? '', 'a time of at least an hour: 30d, 12h')
  }
  return {
    ...(cluster === undefined ? {} : { cluster }),
    ...(ttlNs === undefined ? {} : { ttlSeconds: Math.round(ttlNs / 1e9) }),
  }
}
