-- Runs of the probe's programs that the kernel skipped, attempts whose end was not seen, and processes that are not known.
ALTER TABLE session ADD COLUMN skipped_run_count INTEGER;   -- of all programs that follow attempts; NULL: not counted by this kernel
ALTER TABLE session ADD COLUMN uncovered_run_count INTEGER; -- of these, runs behind which no second program stood; NULL likewise
ALTER TABLE session ADD COLUMN lost_process_count INTEGER NOT NULL DEFAULT 0; -- attempts whose process found no room on its way
-- Attempts that the kernel counted and that are missing, where runs were skipped.
ALTER TABLE session ADD COLUMN lost_skipped_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN lost_skipped_count INTEGER NOT NULL DEFAULT 0;

-- connect_attempt.flags has a new bit, 64: the change that began or ended the attempt was not seen; its latency_ns is NULL.
ALTER TABLE latency_window ADD COLUMN inexact INTEGER NOT NULL DEFAULT 0;

DROP VIEW connects;

-- A process that is not known has a row in which all but the session and, where it is known, netns is NULL.
CREATE TABLE process_with_unknown (
  process_id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES session,
  pid INTEGER,
  process_start_ns INTEGER,              -- ns since boot, CLOCK_BOOTTIME
  comm TEXT,                             -- name of the connecting thread; bytes that are no UTF-8 as U+FFFD
  exe TEXT,                              -- NULL: a kernel thread, when there is a pid
  uid INTEGER,
  user TEXT,                             -- NULL: the uid has no name
  cgroup_id INTEGER REFERENCES cgroup,
  netns INTEGER,                         -- inode numbers
  mntns INTEGER
) STRICT;
INSERT INTO process_with_unknown SELECT * FROM process;
DROP TABLE process;
ALTER TABLE process_with_unknown RENAME TO process;

CREATE VIEW connects AS
SELECT
  a.session_id AS session_id,
  o.unix_offset_ns + a.started_ns AS started_ns,
  strftime('%Y-%m-%dT%H:%M:%S', (o.unix_offset_ns + a.started_ns) / 1000000000, 'unixepoch')
    || printf('.%06dZ', (o.unix_offset_ns + a.started_ns) % 1000000000 / 1000) AS time,
  a.latency_ns AS latency_ns,
  (SELECT name FROM outcome WHERE outcome.outcome = a.outcome) AS outcome,
  a.errno AS errno,
  a.syn_retransmits AS syn_retransmits,
  p.pid AS pid,
  nullif(ifnull(p.pid, 0) + a.tid_delta, 0) AS tid,
  p.process_start_ns AS process_start_ns,
  p.comm AS comm,
  p.exe AS exe,
  p.uid AS uid,
  p.user AS user,
  c.path AS cgroup,
  p.netns AS netns,
  p.mntns AS mntns,
  e.family AS family,
  l.local_address AS local_address,
  nullif(a.local_endpoint & 65535, 0) AS local_port,
  e.remote_address AS remote_address,
  e.remote_port AS remote_port,
  n.dns_name AS dns_name,
  d.dns_age_ns AS dns_age_ns,
  d.dns_lookup_ns AS dns_lookup_ns,
  d.dns_candidates AS dns_candidates,
  c.container AS container
FROM connect_attempt AS a
JOIN process AS p ON p.process_id = a.process_id
JOIN endpoint AS e ON e.endpoint_id = a.endpoint_id
JOIN local_address AS l ON l.local_address_id = a.local_endpoint >> 16
JOIN clock_offset AS o ON o.session_id = a.session_id AND o.since_ns = (
  SELECT max(since_ns) FROM clock_offset WHERE session_id = a.session_id AND since_ns <= max(a.started_ns, 0))
LEFT JOIN cgroup AS c ON c.cgroup_id = p.cgroup_id
LEFT JOIN connect_dns AS d ON d.attempt_id = a.attempt_id
LEFT JOIN dns_name AS n ON n.dns_name_id = d.dns_name_id;
