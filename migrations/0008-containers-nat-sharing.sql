-- What tcpconn share replaced: a JSON array with an object for each time that the session was shared.
ALTER TABLE session ADD COLUMN sharing TEXT;              -- NULL: recorded here, with all names

-- One row for each container of a session, named by the files of its runtime. NULL: not known.
CREATE TABLE container (
  container_key INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL REFERENCES session,
  container_id TEXT NOT NULL,            -- full id; the name, where the runtime has no ids: LXC, systemd-nspawn, ctr.
                                         -- Not unique: a user can make a cgroup with the id of another container.
  runtime_name TEXT,                     -- docker, podman, containerd, cri-o, lxc, systemd-nspawn
  container_name TEXT,                   -- the runtime's name of it
  container_image TEXT,
  pod_name TEXT,                         -- the next ones are of Kubernetes
  pod_namespace TEXT,
  pod_uid TEXT,
  pod_container_name TEXT,               -- its name in the pod
  has_own_networks INTEGER NOT NULL DEFAULT 0 -- 1: an address may mean another container there: of a user, in another
                                         -- container, or with others in it
) STRICT;
ALTER TABLE cgroup ADD COLUMN container_key INTEGER REFERENCES container; -- NULL: not of a container
ALTER TABLE process ADD COLUMN has_host_netns INTEGER;    -- whether netns is the host's; NULL: not known

-- Whose address it was, and when: addresses are given again. The spans of an address do not overlap.
CREATE TABLE container_address (
  session_id INTEGER NOT NULL REFERENCES session,
  address TEXT NOT NULL,                 -- as endpoint.remote_address
  since_ns INTEGER NOT NULL,             -- first and last time at which the files of the runtime had it, ns since the session
  until_ns INTEGER,                      -- began; NULL: until a few seconds before the last write
  container_key INTEGER NOT NULL REFERENCES container,
  PRIMARY KEY (session_id, address, since_ns)
) STRICT, WITHOUT ROWID;

-- Other addresses of an attempt, for those that have one.
CREATE TABLE connect_nat (
  attempt_id INTEGER PRIMARY KEY,
  nat_endpoint_id INTEGER REFERENCES endpoint,     -- destination after translation (DNAT); NULL: not translated, or not seen
  service_endpoint_id INTEGER REFERENCES endpoint  -- address that the program asked for; NULL: that of the socket, or not seen
) STRICT;

ALTER TABLE session ADD COLUMN has_nat INTEGER NOT NULL DEFAULT 0;        -- 1: with --nat
ALTER TABLE session ADD COLUMN nat_lost_count INTEGER NOT NULL DEFAULT 0; -- addresses that found no space in the ring

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
  p.netns_cookie AS netns_cookie,
  k.container_id AS container_id,
  ifnull(k.pod_container_name, k.container_name) AS container_name,
  k.container_image AS container_image,
  k.pod_name AS pod_name,
  k.pod_namespace AS pod_namespace,
  k.pod_uid AS pod_uid,
  t.remote_address AS nat_address,
  t.remote_port AS nat_port,
  s.remote_address AS service_address,
  s.remote_port AS service_port,
  CASE WHEN r.pod_name IS NULL THEN ifnull(r.pod_container_name, r.container_name) END AS remote_container,
  ifnull(r.pod_namespace, '') || '/' || r.pod_name AS remote_pod
FROM connect_attempt AS a
JOIN process AS p ON p.process_id = a.process_id
JOIN endpoint AS e ON e.endpoint_id = a.endpoint_id
JOIN local_address AS l ON l.local_address_id = a.local_endpoint >> 16
JOIN clock_offset AS o ON o.session_id = a.session_id AND o.since_ns = (
  SELECT max(since_ns) FROM clock_offset WHERE session_id = a.session_id AND since_ns <= max(a.started_ns, 0))
LEFT JOIN cgroup AS c ON c.cgroup_id = p.cgroup_id
LEFT JOIN container AS k ON k.container_key = c.container_key
LEFT JOIN connect_dns AS d ON d.attempt_id = a.attempt_id
LEFT JOIN dns_name AS n ON n.dns_name_id = d.dns_name_id
LEFT JOIN connect_nat AS x ON x.attempt_id = a.attempt_id
LEFT JOIN endpoint AS t ON t.endpoint_id = x.nat_endpoint_id
LEFT JOIN endpoint AS s ON s.endpoint_id = x.service_endpoint_id
LEFT JOIN container AS r ON coalesce(k.has_own_networks, p.has_host_netns = 0, 0) = 0 AND r.container_key = (
  SELECT CASE WHEN w.until_ns IS NULL OR a.started_ns <= w.until_ns THEN w.container_key END
  FROM container_address AS w
  WHERE w.session_id = a.session_id AND w.address = ifnull(t.remote_address, e.remote_address) AND w.since_ns <= a.started_ns
  ORDER BY w.since_ns DESC LIMIT 1);
