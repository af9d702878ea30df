import { Option, type Command } from 'commander'

const collect = (value: string, previous: string[] = []) => [...previous, value]

/**
 * Adds the options that say which attempts are covered: those of select-scope.ts.
 * @param left names of options that are not added
 */
export function addScopeOptions(command: Command, left: readonly string[] = []): void {
  const add = (option: Option) => (left.includes(option.name()) ? command : command.addOption(option))
  const one = (flags: string, description: string, group: string) =>
    add(new Option(flags, description).helpGroup(group))
  const list = (flags: string, description: string) =>
    add(new Option(flags, description).argParser(collect).helpGroup('Filters:'))
  one('--session <number>', 'this session, or all; the newest without it', 'Time:')
  one(
    '--since <time>',
    'from this time on: 2026-01-31T10:00:00Z, "2026-01-31 10:00" or 10:00 (local), +5m, -5m',
    'Time:',
  )
  one('--until <time>', 'up to this time; +5m is after the beginning, -5m before the end of the trace', 'Time:')
  one('--last <duration>', 'only this long before the end: 1h', 'Time:')
  list('-p, --pid <pids>', 'only these processes: 1234 or 1234,5678')
  list('-u, --uid <users>', 'only these users, by number or by name as recorded: 1000,www-data')
  list('-P, --port <ports>', 'only these remote ports: 80,443')
  one('-4, --ipv4', 'only IPv4, IPv4-mapped addresses included', 'Filters:')
  one('-6, --ipv6', 'only IPv6', 'Filters:')
  list('--comm <name>', 'only threads of this name; repeat it for more')
  list('--dst <networks>', 'only these remote addresses or networks: 10.0.0.0/8')
  one('--min-latency <time>', 'only attempts that took at least this long: 5ms', 'Filters:')
  list('--outcome <names>', 'only these; latency statistics cover them then: failed, established, refused, timed_out …')
  list('--cgroup <path>', 'only processes in this cgroup and below it, as recorded; repeat it for more')
  add(new Option('--exact', 'percentiles from every value instead of histograms'))
}
