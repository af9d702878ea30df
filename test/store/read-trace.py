#!/usr/bin/env python3
"""Reads a trace as docs/format.md describes it, with nothing of tcpconn, and prints what it holds as JSON.

    test/store/read-trace.py FILE

Comments name sections of the document. Tests compare the output with what the tool says of the same file.
"""

import hashlib
import ipaddress
import json
import re
import sqlite3
import sys
import uuid
from collections import Counter, defaultdict

ESTABLISHED, FAILED = 0, range(1, 7)
RETRANSMITS, LATENCIES, ID_SET = 8, 9, 10
LOSSES = [f"lost_{cause}_count" for cause in ("ring_full", "map_full", "writer_behind", "missed", "skipped")]


def open_trace(path):  # What a trace is, Reading a trace
    with open(path, "rb") as file:
        header = file.read(100)
    if header[:16] != b"SQLite format 3\0" or header[68:72] != b"tcpc":
        sys.exit(f"{path} is not a trace")
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("BEGIN")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if not 1 <= version <= 8:
        sys.exit(f"{path} has format version {version}")
    return db, version


class Blob:  # Sums: varints
    def __init__(self, data):
        self.data, self.at = data, 0

    def __bool__(self):
        return self.at < len(self.data)

    def varint(self):
        value = shift = 0
        while True:
            byte, self.at = self.data[self.at], self.at + 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def bytes(self, length):
        self.at += length
        return self.data[self.at - length : self.at]


def read_histogram(data):  # Histograms
    blob, bucket, buckets = Blob(data), 0, Counter()
    while blob:
        bucket += blob.varint()
        buckets[bucket] += blob.varint()
    return buckets


def bucket_of(value):
    e = value.bit_length() - 7
    return value if value < 128 else 64 * e + (value >> e)


def percentile(buckets, percent, highest):
    rank = max(1, -(-percent * sum(buckets.values()) // 100))
    for bucket in sorted(buckets):
        rank -= buckets[bucket]
        if rank <= 0:
            e = bucket // 64 - 1 if bucket >= 128 else 0
            return min(((bucket - 64 * e) << e) + (1 << e) // 2, highest)
    return None


def read_ids(data):  # Id sets
    blob, block, ids = Blob(data), 0, set()
    while blob:
        block += blob.varint()
        n, is_bytes = divmod(blob.varint(), 2)
        if is_bytes:
            ids.update(1024 * block + 8 * k + i for k, byte in enumerate(blob.bytes(n)) for i in range(8) if byte >> i & 1)
        else:
            last = 1024 * block
            ids.update(last := last + blob.varint() for _ in range(n))
    return ids


class Sums:
    """Of one endpoint, process or second."""

    def __init__(self):
        self.outcomes, self.retransmits, self.highest, self.buckets, self.ids = Counter(), 0, None, Counter(), set()

    def add_latencies(self, highest, buckets):
        self.highest = max(highest, self.highest or 0)
        self.buckets.update(buckets)

    def add_attempt(self, row):
        self.outcomes[row["outcome"]] += 1
        self.retransmits += row["syn_retransmits"] or 0
        self.ids.add(row["endpoint_id"])
        if row["outcome"] == ESTABLISHED and row["latency_ns"] is not None:
            self.add_latencies(row["latency_ns"], {bucket_of(row["latency_ns"]): 1})

    def add_entry(self, blob):
        mask = blob.varint()
        counts = {bit: blob.varint() for bit in range(RETRANSMITS + 1) if mask >> bit & 1}
        self.retransmits += counts.pop(RETRANSMITS, 0)
        self.outcomes.update(counts)
        if mask >> LATENCIES & 1:
            self.add_latencies(blob.varint(), read_histogram(blob.bytes(blob.varint())))
        if mask >> ID_SET & 1:
            self.ids |= read_ids(blob.bytes(blob.varint()))

    def add_sums(self, other):
        self.outcomes += other.outcomes
        self.retransmits += other.retransmits
        self.ids |= other.ids
        if other.highest is not None:
            self.add_latencies(other.highest, other.buckets)

    def describe(self):
        return {
            "attempts": sum(self.outcomes.values()),
            "failed": sum(self.outcomes[code] for code in FAILED),
            "syn_retransmits": self.retransmits,
            "p50_ns": percentile(self.buckets, 50, self.highest),
            "p99_ns": percentile(self.buckets, 99, self.highest),
            "max_ns": self.highest,
        }


def read_sums(db, version, session, dimension):  # Windows and sums, Roll-ups
    """The sums of a session by id, and what was read for them."""
    sums, used, session_id = defaultdict(Sums), Counter(rollups=0, windows=0, rows=0), session["session_id"]

    def add_rows(first, last):
        rows = "SELECT * FROM connect_attempt WHERE session_id = ? AND attempt_id BETWEEN ? AND ?"
        for row in db.execute(rows, [session_id, first, last]):
            second = (session["started_unix_ns"] + row["started_ns"]) // 10**9
            sums[second if dimension == "second" else row[f"{dimension}_id"]].add_attempt(row)
            used["rows"] += 1

    stored = "SELECT last_window_id AS last, sums FROM window_rollup WHERE dimension = :dimension AND first_window_id = :first"
    stored += " AND last_window_id <= :end UNION ALL SELECT window_id, sums FROM window_sums"
    stored += " WHERE dimension = :dimension AND window_id = :first ORDER BY last DESC"
    windows = db.execute("SELECT * FROM latency_window WHERE session_id = ? ORDER BY window_id", [session_id]).fetchall()
    done = 0
    for window in windows if version >= 2 else []:
        if window["window_id"] <= done:
            continue
        done = window["window_id"]
        ask = {"dimension": dimension, "first": done, "end": windows[-1]["window_id"]}
        found = db.execute(stored, ask).fetchone()
        if found is None:
            add_rows(window["first_attempt_id"], window["last_attempt_id"])
            continue
        used["windows" if found["last"] == done else "rollups"] += 1
        done, key, blob = found["last"], 0, Blob(found["sums"])
        while blob:
            key += blob.varint()
            sums[key].add_entry(blob)
    add_rows(windows[-1]["last_attempt_id"] + 1 if windows and version >= 2 else 0, 2**53)
    return sums, used


def wall_clock(db, session_id):  # Time
    rows = "SELECT since_ns, unix_offset_ns FROM clock_offset WHERE session_id = ? ORDER BY since_ns DESC"
    offsets = db.execute(rows, [session_id]).fetchall()
    return lambda ns: ns + next(offset for since, offset in offsets if since <= max(ns, 0))


def address_text(blob):  # Addresses
    address = ipaddress.IPv6Address(blob)
    return str(address.ipv4_mapped or address)


def name_bytes(text):  # Names
    def unescape(match):
        backslashes, literal, digits = match.groups()
        rest = bytes.fromhex(digits) if len(backslashes) % 2 else literal.encode()
        return (b"\\" * (len(backslashes) // 2) + rest).decode("utf-8", "surrogateescape")

    return re.sub(r"(\\+)(x([89a-fA-F][0-9a-fA-F]))", unescape, text).encode("utf-8", "surrogateescape")


def read_endpoints(db, session_id):
    """Endpoints by id, with the first of their attempts."""
    unix_ns, endpoints = wall_clock(db, session_id), {}
    rows = "SELECT * FROM connect_attempt JOIN endpoint USING (endpoint_id) WHERE session_id = ?"
    for row in db.execute(rows, [session_id]):
        new = {"remote_address": address_text(row["address"]), "remote_port": row["remote_port"], "family": row["family"]}
        endpoint = endpoints.setdefault(row["endpoint_id"], {**new, "started_ns": unix_ns(row["started_ns"])})
        endpoint["started_ns"] = min(unix_ns(row["started_ns"]), endpoint["started_ns"])
    return endpoints


def read_processes(db, version, session):
    """Sums by pid and start: a process has a row for each of its names, users and cgroups."""
    by_id, _ = read_sums(db, version, session, "process")
    processes, comms = defaultdict(Sums), set()
    for row in db.execute("SELECT * FROM process WHERE session_id = ?", [session["session_id"]]):
        processes[row["pid"], row["process_start_ns"]].add_sums(by_id[row["process_id"]])
        comms.add(name_bytes(row["comm"] or "").hex())
    rows = [
        {"pid": pid, "process_start_ns": start_ns, "endpoints": len(sums.ids), **sums.describe()}
        for (pid, start_ns), sums in processes.items()
    ]
    return {"processes": rows, "comms_hex": sorted(comms)}


def read_losses(db, version, session):  # Loss and completeness
    losses = LOSSES if version >= 4 else LOSSES[:4]
    columns = ", ".join(f"ifnull(sum({name}), 0) AS {name}" for name in losses)
    loss = dict(db.execute(f"SELECT {columns} FROM batch WHERE session_id = ?", [session["session_id"]]).fetchone())
    lowest, highest, recorded = (session[name] for name in ("kernel_attempts_min", "kernel_attempts_max", "comparable_attempts"))
    if sum(loss.values()) > 0:
        verdict = "incomplete"
    elif session["duration_ns"] is None or lowest is None:
        verdict = "unchecked"
    elif not lowest <= recorded <= highest:
        verdict = "incomplete"
    else:
        verdict = "unchecked" if session["uncomparable_attempts"] else "complete"
    return {"loss": loss, "lost": sum(loss.values()), "completeness": verdict}


def read_names(db, version, session_id):  # DNS
    names = defaultdict(lambda: dict.fromkeys(("lookups", "failed_lookups", "truncated_lookups", "addresses", "attempts"), 0))

    def rows(table):
        return db.execute(f"SELECT * FROM {table} JOIN dns_name USING (dns_name_id) WHERE session_id = ?", [session_id])

    for row in rows("connect_dns JOIN connect_attempt USING (attempt_id)"):
        names[row["dns_name"]]["attempts"] += 1
    for row in rows("dns_lookup") if version >= 3 else []:
        name = names[row["dns_name"]]
        name["lookups"] += 1
        name["failed_lookups"] += row["rcode"] != 0
        name["truncated_lookups"] += version >= 5 and row["is_truncated"] == 1
    for row in rows("dns_address") if version >= 3 else []:
        names[row["dns_name"]]["addresses"] += 1
    return [{"dns_name": name, **counts} for name, counts in names.items()]


def read_containers(db, version, session_id):  # container, Containers
    """Attempts by container: in its pod, otherwise as its runtime names it."""
    if version < 8:
        return []
    rows = """SELECT container_id, ifnull(pod_container_name, container_name) AS container_name, container_image,
        pod_name, pod_namespace, pod_uid, count(*) AS attempts FROM connect_attempt AS a
        JOIN process USING (process_id) JOIN cgroup USING (cgroup_id) JOIN container USING (container_key)
        WHERE a.session_id = ? GROUP BY container_key ORDER BY container_id"""
    return [dict(row) for row in db.execute(rows, [session_id])]


def read_owners(db, version, session_id):  # container_address
    """Attempts by the container or pod of this host that had the destination when they began."""
    if version < 8:
        return []
    spans = db.execute("SELECT * FROM container_address WHERE session_id = ?", [session_id]).fetchall()
    keys = {row["container_key"]: dict(row) for row in db.execute("SELECT * FROM container").fetchall()}
    attempts = """SELECT started_ns, ifnull(nat.remote_address, own.remote_address) AS address,
            coalesce(has_own_networks, has_host_netns = 0, 0) AS has_own_networks
        FROM connect_attempt AS a JOIN endpoint AS own USING (endpoint_id) JOIN process USING (process_id)
        LEFT JOIN cgroup USING (cgroup_id) LEFT JOIN container USING (container_key)
        LEFT JOIN connect_nat USING (attempt_id) LEFT JOIN endpoint AS nat ON nat.endpoint_id = nat_endpoint_id
        WHERE a.session_id = ?"""
    counts = Counter()
    for attempt in db.execute(attempts, [session_id]).fetchall():
        at = attempt["started_ns"]
        for span in spans if attempt["has_own_networks"] == 0 else []:
            is_open = span["until_ns"] is None or at <= span["until_ns"]
            if span["address"] == attempt["address"] and span["since_ns"] <= at and is_open:
                counts[span["container_key"]] += 1
    return [describe_owner(keys[key], count) for key, count in sorted(counts.items())]


def describe_owner(container, attempts):
    if container["pod_name"] is not None:
        pod = f"{container['pod_namespace'] or ''}/{container['pod_name']}"
        return {"remote_container": None, "remote_pod": pod, "attempts": attempts}
    name = container["pod_container_name"] or container["container_name"]
    return {"remote_container": name, "remote_pod": None, "attempts": attempts}


def session_uuid(session):  # The unique key of a session
    start_ns = session["started_unix_ns"]
    key = [session[name] for name in ("host", "boot_id", "recorder_pid", "recorder_start_ticks")]
    facts = json.dumps([*key, str(start_ns), session["session_id"]], separators=(",", ":"), ensure_ascii=False)
    bits = bytearray((start_ns // 10**6).to_bytes(6, "big") + hashlib.sha256(facts.encode()).digest()[6:16])
    bits[6], bits[8] = 0x70 | bits[6] & 0x0F, 0x80 | bits[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(bits)))


def describe_session(db, version, session):
    session_id = session["session_id"]
    words = dict(db.execute("SELECT outcome, name FROM outcome").fetchall())
    written_ns = db.execute("SELECT max(written_ns) FROM batch WHERE session_id = ?", [session_id]).fetchone()[0]
    endpoints = read_endpoints(db, session_id)
    by_endpoint, used = read_sums(db, version, session, "endpoint")
    by_second, _ = read_sums(db, version, session, "second")
    outcomes = sum((sums.outcomes for sums in by_second.values()), Counter())
    return {
        **{name: session[name] for name in ("session_id", "host", "started_unix_ns", "end_reason")},
        "session_uuid": session_uuid(session),
        "recorded_ns": written_ns if session["duration_ns"] is None else session["duration_ns"],
        "outcomes": {word: outcomes[code] for code, word in words.items()},
        **read_losses(db, version, session),
        "limits": json.loads(session.get("limits") or "null"),
        "dns_ports": session.get("dns_ports"),
        "dns_source": session.get("dns_source"),
        **{f"dns_{what}": session.get(f"dns_{what}_count", 0) for what in ("lost", "malformed", "evicted")},
        "read": used,
        "endpoints": [{**endpoints[key], **sums.describe()} for key, sums in by_endpoint.items()],
        **read_processes(db, version, session),
        "seconds": [{"started_ns": key * 10**9, **sums.describe()} for key, sums in sorted(by_second.items())],
        "names": read_names(db, version, session_id),
        "containers": read_containers(db, version, session_id),
        "owners": read_owners(db, version, session_id),
    }


def main(path):
    db, version = open_trace(path)
    sessions = db.execute("SELECT * FROM session ORDER BY session_id").fetchall()
    json.dump([describe_session(db, version, dict(session)) for session in sessions], sys.stdout, indent=1)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: read-trace.py FILE")
    main(sys.argv[1])
