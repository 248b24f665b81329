-- Whether somebody looks for alerts, and who was told that nobody did.

-- name: checked_at
-- Where no run ever came to its end, nobody has looked since there are tables.
SELECT coalesce((SELECT least(at, coalesce(as_of, at)) FROM heartbeat WHERE part = 'alerts'),
                (SELECT max(applied_at) FROM schema_version)) AS checked_at

-- name: begin
-- Whoever notices first begins it; another that goes on is this one.
INSERT INTO outage (since) VALUES (%(since)s) ON CONFLICT DO NOTHING

-- name: end
UPDATE outage SET until = %(until)s WHERE until IS NULL AND since < %(until)s

-- name: latest
SELECT since, until FROM outage ORDER BY since DESC LIMIT 1

-- name: of
SELECT since, until FROM outage WHERE since = %(since)s

-- name: note_ping
INSERT INTO ping (asked_at, answered_at, error)
VALUES (%(now)s, CASE WHEN %(error)s::text IS NULL THEN %(now)s END, %(error)s)
ON CONFLICT (one) DO UPDATE
SET asked_at = EXCLUDED.asked_at, answered_at = coalesce(EXCLUDED.answered_at, ping.answered_at),
    error = EXCLUDED.error

-- name: ping
SELECT asked_at, answered_at, error FROM ping

-- name: told
-- Recipients that took a message that this outage had begun.
SELECT recipient FROM delivery
WHERE kind = 'unwatched' AND interval_start = %(since)s AND state = 'sent'
ORDER BY recipient
