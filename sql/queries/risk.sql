-- Risk scores of issuers: what they are made of, and what was made of it.

-- name: lock
SELECT pg_advisory_xact_lock(7240140)

-- name: newest
SELECT (SELECT as_of FROM heartbeat WHERE part = 'risk') AS as_of

-- name: beat
INSERT INTO heartbeat (part, at, as_of) VALUES ('risk', %(now)s, %(as_of)s)
ON CONFLICT (part) DO UPDATE
SET at = EXCLUDED.at, as_of = greatest(heartbeat.as_of, EXCLUDED.as_of)

-- name: stories
-- The issuers' stories; of those that only tell what is new, the negative ones.
SELECT series.entity_id AS issuer, signal.occurred_at AS at, told.topic,
       signal.p_negative * signal.relevance AS weight, judged.negative
FROM series
JOIN entity ON entity.entity_id = series.entity_id AND entity.kind = 'issuer'
JOIN story_signal signal ON signal.series_id = series.series_id
     AND signal.occurred_at >= %(known_since)s AND signal.occurred_at < %(until)s
     AND signal.relevance >= %(relevance)s
JOIN story ON story.story_id = signal.story_id AND story.merged_into IS NULL
CROSS JOIN LATERAL (
    SELECT story.kind = 'report' AND signal.p_negative >= %(p)s AS negative
) judged
JOIN LATERAL (
    SELECT of_topic.topic FROM story_signal filed
    JOIN series of_topic ON of_topic.series_id = filed.series_id AND of_topic.kind = 'topic'
    WHERE filed.story_id = signal.story_id
) told ON true
WHERE series.kind = 'issuer' AND (judged.negative OR signal.occurred_at >= %(counted_since)s)
  AND (%(issuer)s::text IS NULL OR series.entity_id = %(issuer)s)

-- name: steps
-- What happened to the issuers' alerts that were open at any time since.
SELECT alert.subject AS issuer, alert.alert_id, event.at,
       event.what NOT IN ('resolved', 'false_alarm') AS is_open,
       coalesce(event.detail->>'to', event.detail->>'severity') AS severity
FROM alert JOIN alert_event event USING (alert_id)
WHERE alert.subject_kind = 'issuer'
  AND event.what IN ('opened', 'raised', 'reopened', 'resolved', 'false_alarm', 'undone')
  AND (alert.resolved_at IS NULL OR alert.resolved_at >= %(since)s)
  AND (%(issuer)s::text IS NULL OR alert.subject = %(issuer)s)
ORDER BY alert.alert_id, event.seq

-- name: put
-- What was seen later of an hour that still lasts stays.
INSERT INTO risk_score (entity_id, hour, as_of, score, drivers, weights)
SELECT entity_id, hour, as_of, score, drivers::jsonb, %(weights)s
FROM unnest(%(issuers)s::text[], %(hours)s::timestamptz[], %(as_ofs)s::timestamptz[],
            %(scores)s::real[], %(drivers)s::text[])
     AS new (entity_id, hour, as_of, score, drivers)
ON CONFLICT (entity_id, hour) DO UPDATE
SET as_of = EXCLUDED.as_of, score = EXCLUDED.score, drivers = EXCLUDED.drivers,
    weights = EXCLUDED.weights
WHERE risk_score.as_of <= EXCLUDED.as_of
  AND (risk_score.as_of, risk_score.score, risk_score.drivers, risk_score.weights)
      IS DISTINCT FROM (EXCLUDED.as_of, EXCLUDED.score, EXCLUDED.drivers, EXCLUDED.weights)

-- name: forget
-- What was scored in these hours and by what is known now is nothing.
DELETE FROM risk_score USING unnest(%(of)s::timestamptz[], %(at)s::timestamptz[]) AS due (hour, at)
WHERE risk_score.hour = due.hour AND risk_score.as_of <= due.at
  AND NOT EXISTS (
      SELECT FROM unnest(%(issuers)s::text[], %(hours)s::timestamptz[]) AS kept (entity_id, hour)
      WHERE kept.entity_id = risk_score.entity_id AND kept.hour = risk_score.hour)

-- name: hours
SELECT hour, as_of, score, drivers FROM risk_score
WHERE entity_id = %(issuer)s AND hour >= %(since)s AND hour < %(until)s
ORDER BY hour

-- name: span
-- From which hour to which time issuers were scored at all.
SELECT (SELECT min(hour) FROM risk_score) AS since,
       (SELECT as_of FROM heartbeat WHERE part = 'risk') AS until

-- name: alerts
-- Alerts on issuers that were found in a span and that nobody has called false.
SELECT subject AS issuer, onset, detected_at, last_surge_at FROM alert
WHERE subject_kind = 'issuer' AND merged_into IS NULL
  AND resolved_reason IS DISTINCT FROM 'false_alarm'
  AND onset >= %(since)s AND onset < %(until)s
ORDER BY onset
