import type { Database } from 'better-sqlite3'

/** Creates the table of the owners of destinations, by attempt, until their spans are known. */
export function createOwners(db: Database): void {
  db.exec(`CREATE TEMP TABLE owner_of_attempt (attempt_id INTEGER PRIMARY KEY, container_key INTEGER NOT NULL)`)
}

/**
 * Spans of time in which addresses had owners, from the attempts to these addresses: a span ends where the next attempt has another
 * owner, or none.
 */
export function writeOwners(db: Database): void {
  db.exec(`
    INSERT OR IGNORE INTO container_address (session_id, address, since_ns, until_ns, container_key)
    WITH destination AS (
      SELECT a.session_id, a.attempt_id, a.started_ns, ifnull(t.remote_address, e.remote_address) AS address, o.container_key
      FROM connect_attempt AS a JOIN endpoint AS e USING (endpoint_id)
      LEFT JOIN connect_nat AS x USING (attempt_id) LEFT JOIN endpoint AS t ON t.endpoint_id = x.nat_endpoint_id
      LEFT JOIN temp.owner_of_attempt AS o USING (attempt_id)
      WHERE EXISTS (SELECT 1 FROM temp.owner_of_attempt)
    ), step AS (
      SELECT *, container_key IS NOT lag(container_key) OVER in_time AS is_first FROM destination
      WINDOW in_time AS (PARTITION BY session_id, address ORDER BY started_ns, attempt_id)
    ), island AS (
      SELECT *, sum(is_first) OVER (PARTITION BY session_id, address ORDER BY started_ns, attempt_id) AS number FROM step
    )
    SELECT session_id, address, min(started_ns), max(started_ns), container_key FROM island
    WHERE container_key IS NOT NULL GROUP BY session_id, address, number;
    DROP TABLE temp.owner_of_attempt`)
}
