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

-- name: unheard
-- Alerts that rest, by half at least, on news that came out while its source was not heard, and when
-- that was. A source is not heard when three of its visits fail to come; it was, an hour ago at most.
WITH told AS (
    SELECT evidence.alert_id, evidence.occurred_at, article.source_id
    FROM alert_evidence evidence JOIN article USING (article_id)
    WHERE evidence.alert_id = ANY(%(alerts)s::uuid[]) AND NOT evidence.withdrawn
), visit AS (
    SELECT source_id, ended_at,
           lag(ended_at) OVER (PARTITION BY source_id ORDER BY ended_at) AS before
    FROM crawl_run
    WHERE status = 'ok' AND ended_at > %(now)s - interval '3 days' AND ended_at <= %(now)s
      AND source_id IN (SELECT source_id FROM told)
), usual AS (
    SELECT source_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY ended_at - before) AS pause
    FROM visit GROUP BY source_id
), hole AS (
    SELECT source_id, before AS since, ended_at AS until
    FROM visit JOIN usual USING (source_id)
    WHERE ended_at - before > 3 * pause + interval '5 minutes'
      AND ended_at > %(now)s - interval '1 hour'
)
SELECT told.alert_id, min(hole.since) AS since, max(hole.until) AS until
FROM told LEFT JOIN hole ON hole.source_id = told.source_id
     AND told.occurred_at >= hole.since AND told.occurred_at < hole.until
GROUP BY told.alert_id
HAVING 2 * count(hole.source_id) >= count(*) AND count(hole.source_id) > 0
ORDER BY told.alert_id

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

-- name: before
SELECT since, until FROM outage WHERE since <= %(at)s ORDER BY since DESC LIMIT 1

-- name: told
-- Recipients that took a message that this outage had begun.
SELECT recipient FROM delivery
WHERE kind = 'unwatched' AND interval_start = %(since)s AND state = 'sent'
ORDER BY recipient
