-- Windows sum up attempts by process and by second too, in a blob each instead of a row per endpoint: an hour of a busy
-- host is read in milliseconds. Windows that are older than this have no sums; their attempts are all there.
DROP TABLE endpoint_latency;

CREATE TABLE window_sums (
  window_id INTEGER NOT NULL REFERENCES latency_window,
  dimension TEXT NOT NULL,               -- endpoint, process or second
  sums BLOB NOT NULL,                    -- src/store/sums-blob.ts
  PRIMARY KEY (window_id, dimension)
) STRICT, WITHOUT ROWID;

-- Sums of sixteen windows that follow each other as one, of sixteen of these as one, and so on: a long recording is read
-- from a few rows. What is rolled up can always be read from the windows too.
CREATE TABLE window_rollup (
  first_window_id INTEGER NOT NULL REFERENCES latency_window,
  last_window_id INTEGER NOT NULL REFERENCES latency_window,
  dimension TEXT NOT NULL,
  sums BLOB NOT NULL,                    -- as in window_sums
  PRIMARY KEY (first_window_id, last_window_id, dimension)
) STRICT, WITHOUT ROWID;
