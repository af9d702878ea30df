-- The trace file. Tables may change by later migrations; the view `connects` is the public schema and only grows.
-- Times are integers in ns. `started_ns` of an attempt counts from its session's beginning on CLOCK_MONOTONIC.

-- One row per `tcpconn record`.
CREATE TABLE session (
  session_id INTEGER PRIMARY KEY,
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  kernel TEXT NOT NULL,
  machine TEXT NOT NULL,
  tool_version TEXT NOT NULL,
  command_line TEXT NOT NULL,
  filters TEXT NOT NULL,                 -- JSON object, {} when everything was recorded
  recorder_pid INTEGER NOT NULL,
  recorder_start_ticks INTEGER NOT NULL, -- field 22 of /proc/PID/stat: tells a running recorder from a reused pid
  ring_bytes INTEGER NOT NULL,
  started_unix_ns INTEGER NOT NULL,      -- wall-clock time at which the session began
  duration_ns INTEGER,                   -- NULL: running, or ended without a goodbye
  end_reason TEXT,                       -- duration, interrupt, terminate, command, error; NULL like duration_ns
  lost_ring_full_count INTEGER NOT NULL DEFAULT 0,
  lost_map_full_count INTEGER NOT NULL DEFAULT 0,
  lost_writer_behind_count INTEGER NOT NULL DEFAULT 0,
  lost_missed_count INTEGER NOT NULL DEFAULT 0,
  -- Growth of TcpActiveOpens over all network namespaces that could be seen: a range, since reading the counter and
  -- switching the probe on are two steps. NULL: not compared.
  kernel_attempts_min INTEGER,
  kernel_attempts_max INTEGER,
  comparable_attempts INTEGER,           -- recorded attempts that the counter above covers
  uncomparable_attempts INTEGER          -- recorded ones of network namespaces that were gone, or not to be read
) STRICT;

-- Wall-clock time minus session time, one row whenever it was found changed.
CREATE TABLE clock_offset (
  session_id INTEGER NOT NULL REFERENCES session,
  since_ns INTEGER NOT NULL,             -- ns since the session began
  unix_offset_ns INTEGER NOT NULL,       -- Unix ns = unix_offset_ns + ns since the session began
  PRIMARY KEY (session_id, since_ns)
) STRICT, WITHOUT ROWID;

CREATE TABLE process (
  process_id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES session,
  pid INTEGER NOT NULL,
  process_start_ns INTEGER NOT NULL,     -- ns since boot, CLOCK_BOOTTIME
  comm TEXT NOT NULL,                    -- name of the connecting thread; bytes that are no UTF-8 as U+FFFD
  exe TEXT,                              -- NULL: a kernel thread
  uid INTEGER NOT NULL,
  user TEXT,                             -- NULL: the uid has no name
  cgroup_id INTEGER REFERENCES cgroup,
  netns INTEGER NOT NULL,                -- inode numbers
  mntns INTEGER
) STRICT;

CREATE TABLE cgroup (
  cgroup_id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES session,
  kernel_cgroup_id INTEGER NOT NULL,
  path TEXT,                             -- NULL: not found at recording time
  UNIQUE (session_id, kernel_cgroup_id)
) STRICT;

CREATE TABLE endpoint (
  endpoint_id INTEGER PRIMARY KEY,
  family INTEGER NOT NULL,               -- 4 or 6
  address BLOB NOT NULL,                 -- 16 bytes, IPv4 as IPv4-mapped
  remote_address TEXT NOT NULL,
  remote_port INTEGER NOT NULL,
  UNIQUE (address, remote_port)
) STRICT;

CREATE TABLE local_address (
  local_address_id INTEGER PRIMARY KEY,
  address BLOB NOT NULL UNIQUE,          -- 16 bytes, IPv4 as IPv4-mapped
  local_address TEXT                     -- NULL: none was chosen before the attempt ended
) STRICT;

CREATE TABLE dns_name (
  dns_name_id INTEGER PRIMARY KEY,
  dns_name TEXT NOT NULL UNIQUE
) STRICT;

-- The word for each code, for readers with nothing but SQL.
CREATE TABLE outcome (
  outcome INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO outcome VALUES (0, 'established'), (1, 'refused'), (2, 'timed_out'), (3, 'unreachable'), (4, 'reset'),
  (5, 'cancelled'), (6, 'local_error'), (7, 'pending');

-- One row per attempt, integers only, about 35 bytes. NOT NULL is left out on purpose: it costs the writer per row.
CREATE TABLE connect_attempt (
  attempt_id INTEGER PRIMARY KEY,
  session_id INTEGER,
  started_ns INTEGER,
  latency_ns INTEGER,                    -- NULL: pending
  outcome INTEGER,
  errno INTEGER,                         -- NULL: none
  syn_retransmits INTEGER,               -- NULL: pending
  flags INTEGER,                         -- 1 IPv4-mapped, 2 TCP fast open, 4 MPTCP, 8 kernel thread, 16 no SYN was sent, 32 simultaneous open
  process_id INTEGER,
  tid_delta INTEGER,                     -- tid - pid: 0 for the main thread, so that it takes no room
  endpoint_id INTEGER,
  local_endpoint INTEGER                 -- local_address_id << 16 | local port
) STRICT;

-- The name looked up before an attempt, for those that have one.
CREATE TABLE connect_dns (
  attempt_id INTEGER PRIMARY KEY,
  dns_name_id INTEGER NOT NULL REFERENCES dns_name,
  dns_age_ns INTEGER NOT NULL
) STRICT;

-- One row per write: a zone map over connect_attempt, and the loss since the write before. Loss alone makes a row too.
CREATE TABLE batch (
  batch_id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES session,
  first_attempt_id INTEGER NOT NULL,     -- ids run from here without a gap
  attempt_count INTEGER NOT NULL,
  written_ns INTEGER NOT NULL,           -- ns since the session began
  min_started_ns INTEGER,
  max_started_ns INTEGER,
  lost_ring_full_count INTEGER NOT NULL,
  lost_map_full_count INTEGER NOT NULL,
  lost_writer_behind_count INTEGER NOT NULL,
  lost_missed_count INTEGER NOT NULL
) STRICT;
CREATE INDEX batch_of_session ON batch (session_id, first_attempt_id);

-- Attempts summed up about every 60 s. A window covers a range of ids, so that windows and the rows after the last one
-- are together exactly the session, also while it runs and after a crash.
CREATE TABLE latency_window (
  window_id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES session,
  first_attempt_id INTEGER NOT NULL,
  last_attempt_id INTEGER NOT NULL,
  min_started_ns INTEGER NOT NULL,
  max_started_ns INTEGER NOT NULL,
  -- Attempts with each bit of connect_attempt.flags.
  ipv4_mapped INTEGER NOT NULL,
  fast_open INTEGER NOT NULL,
  mptcp INTEGER NOT NULL,
  kernel_thread INTEGER NOT NULL,
  no_syn INTEGER NOT NULL,
  simultaneous_open INTEGER NOT NULL
) STRICT;
CREATE INDEX latency_window_of_session ON latency_window (session_id, first_attempt_id);

CREATE TABLE endpoint_latency (
  window_id INTEGER NOT NULL REFERENCES latency_window,
  endpoint_id INTEGER NOT NULL REFERENCES endpoint,
  established INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  timed_out INTEGER NOT NULL,
  unreachable INTEGER NOT NULL,
  reset INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  local_error INTEGER NOT NULL,
  pending INTEGER NOT NULL,
  syn_retransmits INTEGER NOT NULL,
  max_latency_ns INTEGER,                -- of the established ones, like the buckets; NULL without any
  buckets BLOB,                          -- log-linear histogram, src/store/latency-histogram.ts
  PRIMARY KEY (window_id, endpoint_id)
) STRICT, WITHOUT ROWID;

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
  p.pid + a.tid_delta AS tid,
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
  d.dns_age_ns AS dns_age_ns
FROM connect_attempt AS a
JOIN process AS p ON p.process_id = a.process_id
JOIN endpoint AS e ON e.endpoint_id = a.endpoint_id
JOIN local_address AS l ON l.local_address_id = a.local_endpoint >> 16
JOIN clock_offset AS o ON o.session_id = a.session_id AND o.since_ns = (
  SELECT max(since_ns) FROM clock_offset WHERE session_id = a.session_id AND since_ns <= max(a.started_ns, 0))
LEFT JOIN cgroup AS c ON c.cgroup_id = p.cgroup_id
LEFT JOIN connect_dns AS d ON d.attempt_id = a.attempt_id
LEFT JOIN dns_name AS n ON n.dns_name_id = d.dns_name_id;
