-- The inode number of a network namespace is given to the next one as soon as it is gone; its cookie never again, until the next boot.
ALTER TABLE process ADD COLUMN netns_cookie INTEGER;      -- NULL: not known, as before Linux 5.12
ALTER TABLE dns_lookup ADD COLUMN netns_cookie INTEGER;   -- likewise
-- 1: the process has the root directory of the host, so that its uid is an account of the host; 0: as in a container.
ALTER TABLE process ADD COLUMN has_host_root INTEGER;     -- NULL: not known
-- With dns_source 'udp': the remote ports at which packets were taken for DNS, as in --dns-port: 53,5353
ALTER TABLE session ADD COLUMN dns_ports TEXT;            -- NULL: not known, or lookups are not from packets

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
  c.container AS container,
  p.netns_cookie AS netns_cookie
FROM connect_attempt AS a
JOIN process AS p ON p.process_id = a.process_id
JOIN endpoint AS e ON e.endpoint_id = a.endpoint_id
JOIN local_address AS l ON l.local_address_id = a.local_endpoint >> 16
JOIN clock_offset AS o ON o.session_id = a.session_id AND o.since_ns = (
  SELECT max(since_ns) FROM clock_offset WHERE session_id = a.session_id AND since_ns <= max(a.started_ns, 0))
LEFT JOIN cgroup AS c ON c.cgroup_id = p.cgroup_id
LEFT JOIN connect_dns AS d ON d.attempt_id = a.attempt_id
LEFT JOIN dns_name AS n ON n.dns_name_id = d.dns_name_id;
