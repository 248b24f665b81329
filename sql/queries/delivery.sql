-- Who is told of alerts, and what became of each message.

-- name: recipients
SELECT name, body, changed_at FROM recipient ORDER BY name

-- name: put_recipient
INSERT INTO recipient (name, body) VALUES (%(name)s, %(body)s)
ON CONFLICT (name) DO UPDATE SET body = EXCLUDED.body, changed_at = now()
WHERE recipient.body <> EXCLUDED.body

-- name: remove_recipient
DELETE FROM recipient WHERE name = %(name)s

-- name: occurrences
-- What happened to alerts that may be told: live ones, while they are news.
SELECT wanted.kind, alert.alert_id, alert.subject_kind, alert.subject, alert.topic, alert.severity,
       (SELECT max(seq) FROM alert_event event
        WHERE event.alert_id = alert.alert_id AND event.what = wanted.kind) AS seq
FROM unnest(%(alerts)s::uuid[], %(kinds)s::text[]) AS wanted (alert_id, kind)
JOIN alert USING (alert_id)
WHERE alert.origin = 'live' AND NOT alert.historical AND alert.merged_into IS NULL
ORDER BY alert.alert_id, wanted.kind

-- name: endings
-- Alerts that ended after a recipient had been told of them, and of whose end it has no message.
SELECT DISTINCT delivery.recipient, alert.alert_id, alert.subject_kind, alert.subject, alert.topic,
       alert.severity, ended.seq
FROM alert
JOIN LATERAL (
    SELECT seq, at FROM alert_event event
    WHERE event.alert_id = alert.alert_id AND event.what IN ('resolved', 'false_alarm')
    ORDER BY seq DESC LIMIT 1
) ended ON true
JOIN delivery_alert told USING (alert_id)
JOIN delivery USING (delivery_id)
WHERE alert.state = 'resolved' AND alert.resolved_at > %(since)s
  AND delivery.kind <> 'resolved' AND delivery.sent_at < ended.at
  AND NOT EXISTS (
      SELECT FROM delivery_alert other JOIN delivery already USING (delivery_id)
      WHERE other.alert_id = alert.alert_id AND other.seq >= ended.seq
        AND already.recipient = delivery.recipient AND already.kind = 'resolved')
ORDER BY delivery.recipient, alert.alert_id

-- name: unheard
-- Critical alerts that still fire: to whom they went, and since when.
SELECT delivery.recipient, alert.alert_id, alert.subject_kind, alert.subject, alert.topic,
       alert.severity, max(told.seq) AS seq, max(delivery.due_at) AS since
FROM alert
JOIN delivery_alert told USING (alert_id)
JOIN delivery USING (delivery_id)
WHERE alert.state = 'firing' AND alert.severity = 'critical' AND told.severity = 'critical'
  AND delivery.kind IN ('opened', 'raised', 'reopened', 'lapsed', 'late')
GROUP BY delivery.recipient, alert.alert_id
ORDER BY delivery.recipient, alert.alert_id

-- name: escalated
SELECT EXISTS (
    SELECT FROM delivery_alert told JOIN delivery USING (delivery_id)
    WHERE told.alert_id = %(alert_id)s AND told.seq >= %(seq)s
      AND delivery.kind = 'escalated' AND delivery.recipient = %(recipient)s) AS found

-- name: put
-- Nothing comes back where this message is on its way already.
INSERT INTO delivery (delivery_id, recipient, channel, group_key, interval_start, kind, due_at)
VALUES (%(delivery_id)s, %(recipient)s, %(channel)s, %(group_key)s, %(interval_start)s, %(kind)s,
    %(due_at)s)
ON CONFLICT (channel, recipient, group_key, interval_start, kind) DO UPDATE
SET due_at = least(delivery.due_at, EXCLUDED.due_at)
WHERE delivery.state = 'waiting' AND delivery.attempts = 0
RETURNING delivery_id

-- name: put_alert
INSERT INTO delivery_alert (delivery_id, alert_id, seq, severity)
VALUES (%(delivery_id)s, %(alert_id)s, %(seq)s, %(severity)s)
ON CONFLICT (delivery_id, alert_id) DO UPDATE SET seq = EXCLUDED.seq, severity = EXCLUDED.severity

-- name: take_office
-- One courier works at a time; the lock goes with its connection.
SELECT pg_try_advisory_lock(7240117) AS taken

-- name: leave_office
SELECT pg_advisory_unlock(7240117)

-- name: forsake
-- What nobody wants any more, and what was not taken in its time.
UPDATE delivery
SET state = CASE WHEN recipient = ANY(%(names)s::text[]) THEN 'failed' ELSE 'dropped' END
WHERE state = 'waiting' AND coalesce(retry_at, due_at) <= %(now)s
  AND (recipient <> ALL(%(names)s::text[]) OR due_at <= %(given_up)s)

-- name: claim
-- Whoever was in trouble lately comes last: a dead channel keeps nobody waiting.
UPDATE delivery
SET attempts = attempts + 1, attempted_at = %(now)s, retry_at = %(lease)s
WHERE delivery_id = (
    SELECT due.delivery_id
    FROM delivery due
    JOIN unnest(%(names)s::text[], %(per_minute)s::integer[]) AS open (name, per_minute)
         ON open.name = due.recipient
    WHERE due.state = 'waiting' AND due.due_at <= %(now)s
      AND (%(kinds)s::text[] IS NULL OR due.kind = ANY(%(kinds)s::text[]))
      AND (due.retry_at IS NULL OR due.retry_at <= %(now)s)
      AND open.per_minute > (
          SELECT count(*) FROM delivery lately
          WHERE lately.recipient = due.recipient
            AND lately.attempted_at > %(now)s - interval '1 minute')
    ORDER BY EXISTS (SELECT FROM delivery troubled
                     WHERE troubled.recipient = due.recipient AND troubled.state = 'waiting'
                       AND troubled.error IS NOT NULL),
             due.due_at, due.delivery_id
    LIMIT 1
    FOR UPDATE OF due SKIP LOCKED)
RETURNING delivery_id, recipient, kind, group_key, interval_start, due_at, attempts

-- name: is_due
SELECT EXISTS (
    SELECT FROM delivery
    WHERE state = 'waiting' AND kind = ANY(%(kinds)s::text[]) AND due_at <= %(now)s
      AND (retry_at IS NULL OR retry_at <= %(now)s)) AS found

-- name: alerts_of
SELECT alert_id, seq FROM delivery_alert WHERE delivery_id = %(delivery_id)s ORDER BY alert_id

-- name: settle
UPDATE delivery
SET state = %(state)s, retry_at = %(retry_at)s,
    sent_at = CASE WHEN %(state)s = 'sent' THEN %(now)s END,
    error = coalesce(%(error)s, error),
    failed_at = CASE WHEN %(error)s IS NULL THEN failed_at ELSE %(now)s END
WHERE delivery_id = %(delivery_id)s AND state = 'waiting'

-- name: beat
INSERT INTO heartbeat (part, at) VALUES ('delivery', %(now)s)
ON CONFLICT (part) DO UPDATE SET at = EXCLUDED.at

-- name: told
-- Who was told of an alert, and who is still to be.
SELECT delivery.recipient, delivery.channel, delivery.kind, delivery.state, delivery.due_at,
       delivery.sent_at, delivery.failed_at, delivery.error
FROM delivery_alert JOIN delivery USING (delivery_id)
WHERE delivery_alert.alert_id = %(alert_id)s
ORDER BY coalesce(delivery.sent_at, delivery.failed_at, delivery.due_at), delivery.delivery_id

-- name: health
-- How each recipient is reached: its last success, its last trouble, and what waits for it.
SELECT recipient.name, recipient.body,
       (SELECT max(sent_at) FROM delivery WHERE delivery.recipient = recipient.name) AS sent_at,
       trouble.failed_at, trouble.error,
       (SELECT count(*) FROM delivery
        WHERE delivery.recipient = recipient.name AND state = 'waiting'
          AND due_at <= %(now)s) AS waiting,
       (SELECT min(due_at) FROM delivery
        WHERE delivery.recipient = recipient.name AND state = 'waiting'
          AND due_at <= %(now)s) AS waiting_since
FROM recipient
LEFT JOIN LATERAL (
    SELECT failed_at, error FROM delivery
    WHERE delivery.recipient = recipient.name AND error IS NOT NULL
    ORDER BY failed_at DESC LIMIT 1
) trouble ON true
ORDER BY recipient.name
