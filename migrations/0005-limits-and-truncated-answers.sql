-- What this host keeps a recording from seeing.
ALTER TABLE session ADD COLUMN limits TEXT; -- as a JSON array of sentences; NULL: not looked at

-- Answers that did not fit their packet.
-- 1: the answer had TC set (RFC 1035, 4.1.1), so that addresses may be missing; 0: it had not; NULL: no answer, not to be known by
-- getaddrinfo, or recorded before this version.
ALTER TABLE dns_lookup ADD COLUMN is_truncated INTEGER;
