import type { Database } from 'better-sqlite3'
import { randomInteger } from '../store/random.js'

/**
 * Names of lookups: some with a special meaning for a terminal, a spreadsheet or a parser, an empty one, many plain
 * ones.
 */
const LOOKED_UP_NAMES: readonly string[] = [
  'example.org',
  '=evil\x1b',
  '\x1b]0;title\x07.example',
  '',
  'two\nlines.example',
  "it's.example",
  '\u202egro.elpmaxe',
  ...Array.from({ length: 33 }, (_, i) => `host-${i}.example`),
]
/** The first names have attempts, except the third. */
const CONNECTED = 12
const NEVER_CONNECTED = 3
/** Mostly no error; also server failure, no such name, none at all, and errors of getaddrinfo. */
const RCODES = [0, 0, 0, 0, 0, 0, 2, 3, null, -2]

/**
 * Adds rows of `record --dns` to each session: lookups with and without an answer, A and AAAA, of known and unknown
 * cgroups, addresses, and the names of every fifth attempt. The fifth name has attempts and no lookup.
 * @param count lookups of each session
 */
export function addLookups(db: Database, random: () => number, count: number): void {
  const name = db.prepare('INSERT INTO dns_name VALUES (?, ?)')
  const lookup = db.prepare('INSERT INTO dns_lookup VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)')
  const address = db.prepare('INSERT OR IGNORE INTO dns_address VALUES (?, ?, ?)')
  const sessions = db.prepare('SELECT session_id FROM session').pluck().all() as number[]
  db.exec(`UPDATE session SET dns_source = 'udp', has_local_errors = session_id % 2`)
  LOOKED_UP_NAMES.forEach((text, i) => name.run(i + 1, text))
  db.transaction(() => {
    for (const session of sessions) {
      const cgroups = db.prepare('SELECT cgroup_id FROM cgroup WHERE session_id = ?').pluck().all(session) as number[]
      for (let i = 0; i < count; i++) {
        const id = 1 + Math.floor(random() ** 2 * LOOKED_UP_NAMES.length)
        const rcode = RCODES[randomInteger(random, 0, RCODES.length - 1)] as number | null
        const latencyNs = rcode === null || random() < 0.1 ? null : Math.round(50_000 * (1 - random()) ** -1.5)
        const addresses = rcode === 0 ? randomInteger(random, 0, 3) : 0
        const cgroup = random() < 0.2 ? null : cgroups[randomInteger(random, 0, cgroups.length - 1)]
        const netns = random() < 0.5 ? null : 4_026_531_840
        if (id === 5) continue
        lookup.run(
          session,
          randomInteger(random, 0, 60e9 - 1),
          latencyNs,
          id,
          [1, 28, null][i % 3],
          rcode,
          addresses,
          cgroup ?? null,
          netns,
          // Not for lookups of getaddrinfo and lookups without an answer.
          rcode === null || i % 3 === 2 ? null : Number(i % 7 === 0),
        )
        for (let one = 0; one < addresses; one++) address.run(session, id, `10.0.${id}.${randomInteger(random, 0, 9)}`)
      }
    }
    db.exec(`
      INSERT INTO connect_dns SELECT attempt_id, 1 + (attempt_id / 5) % ${CONNECTED}, 9007199254740993 + attempt_id,
        iif(attempt_id % 3 = 0, NULL, 1000000 + attempt_id), 1 + attempt_id % 4
      FROM connect_attempt WHERE attempt_id % 5 = 0 AND (attempt_id / 5) % ${CONNECTED} <> ${NEVER_CONNECTED - 1}`)
  })()
}
