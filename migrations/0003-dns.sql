-- DNS lookups, the name that an attempt was made by, and what a user calls a cgroup.
ALTER TABLE session ADD COLUMN dns_source TEXT;           -- udp: DNS packets; libc: getaddrinfo; NULL: lookups were not recorded
-- 1: connects that fail in the system call, before a SYN, were recorded.
ALTER TABLE session ADD COLUMN has_local_errors INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN dns_lost_count INTEGER NOT NULL DEFAULT 0;       -- packets that found no room on their way
ALTER TABLE session ADD COLUMN dns_malformed_count INTEGER NOT NULL DEFAULT 0;  -- packets on port 53 that are no DNS, or cut off
ALTER TABLE session ADD COLUMN dns_evicted_count INTEGER NOT NULL DEFAULT 0;    -- names forgotten while recording, for want of room

ALTER TABLE cgroup ADD COLUMN container TEXT;             -- short id of a container, or systemd unit; NULL: neither

ALTER TABLE connect_dns ADD COLUMN dns_lookup_ns INTEGER; -- query seen to answer seen; NULL: the query was not seen
ALTER TABLE connect_dns ADD COLUMN dns_candidates INTEGER NOT NULL DEFAULT 1; -- names that fitted; dns_name is the newest

CREATE TABLE dns_lookup (
  lookup_id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES session,
  started_ns INTEGER NOT NULL,           -- ns since the session began: the query, or the answer when that alone was seen
  latency_ns INTEGER,                    -- NULL: query or answer were not seen
  dns_name_id INTEGER NOT NULL REFERENCES dns_name,
  query_type INTEGER,                    -- 1: A, 28: AAAA; NULL: both, by getaddrinfo
  -- Of the answer: 0 no error, 2 server failure, 3 no such name (RFC 1035, 4.1.1). Negative: what getaddrinfo returned.
  rcode INTEGER,                         -- NULL: no answer
  address_count INTEGER NOT NULL,        -- addresses in the answer
  cgroup_id INTEGER REFERENCES cgroup,   -- of the socket that asked
  netns INTEGER                          -- NULL: not to be known on this kernel
) STRICT;

-- Addresses that a name was seen to have.
CREATE TABLE dns_address (
  session_id INTEGER NOT NULL REFERENCES session,
  dns_name_id INTEGER NOT NULL REFERENCES dns_name,
  address TEXT NOT NULL,
  PRIMARY KEY (session_id, dns_name_id, address)
) STRICT, WITHOUT ROWID;

DROP VIEW connects;
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
