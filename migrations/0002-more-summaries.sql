-- Windows sum up attempts by process and by second too. Windows that are older than this have no such rows.
ALTER TABLE latency_window ADD COLUMN has_processes_and_seconds INTEGER NOT NULL DEFAULT 0;

CREATE TABLE process_latency (
  window_id INTEGER NOT NULL REFERENCES latency_window,
  process_id INTEGER NOT NULL REFERENCES process,
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
  buckets BLOB,                          -- as in endpoint_latency
  endpoint_ids BLOB NOT NULL,            -- endpoints that it connected to, ascending, as LEB128 distances
  PRIMARY KEY (window_id, process_id)
) STRICT, WITHOUT ROWID;

-- By the second in which attempts began. The same second may be in several windows: attempts are written as they end.
CREATE TABLE second_latency (
  window_id INTEGER NOT NULL REFERENCES latency_window,
  unix_second INTEGER NOT NULL,          -- Unix time in whole s, by the clock as it was when the session began
  established INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  timed_out INTEGER NOT NULL,
  unreachable INTEGER NOT NULL,
  reset INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  local_error INTEGER NOT NULL,
  pending INTEGER NOT NULL,
  syn_retransmits INTEGER NOT NULL,
  max_latency_ns INTEGER,
  buckets BLOB,
  PRIMARY KEY (window_id, unix_second)
) STRICT, WITHOUT ROWID;
