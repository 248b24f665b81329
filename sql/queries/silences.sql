-- Silences, and what they kept from being told.

-- name: put
INSERT INTO silence (silence_id, subject_kind, subjects, topics, severities, starts_at, ends_at,
    comment, made_by)
VALUES (%(silence_id)s, %(subject_kind)s, %(subjects)s, %(topics)s, %(severities)s, %(starts_at)s,
    %(ends_at)s, %(comment)s, %(made_by)s)

-- name: lock
SELECT * FROM silence WHERE silence_id = %(silence_id)s FOR UPDATE

-- name: set_end
UPDATE silence SET ended_at = %(ended_at)s, ended_by = %(ended_by)s
WHERE silence_id = %(silence_id)s

-- name: listed
SELECT * FROM silence
WHERE coalesce(ended_at, ends_at) > %(since)s
ORDER BY coalesce(ended_at, ends_at) > %(now)s DESC, starts_at DESC, silence_id
LIMIT 50

-- name: names
SELECT entity_id, name_en, name_zh FROM entity WHERE entity_id = ANY (%(ids)s)

-- name: over
-- Of each alert the silence that lasts longest.
SELECT DISTINCT ON (alert.alert_id) alert.alert_id, silence.*
FROM alert
CROSS JOIN LATERAL silences_over(subject_kind, subject, topic, severity, %(now)s) AS silence
WHERE alert.alert_id = ANY (%(alerts)s::uuid[])
ORDER BY alert.alert_id, silence.ends_at DESC, silence.silence_id

-- name: of_issuer
-- Those that may have been over an alert of the issuer, whatever its topic and severity.
SELECT * FROM silence
WHERE starts_at < %(until)s AND coalesce(ended_at, ends_at) > %(since)s
  AND coalesce(subject_kind, 'issuer') = 'issuer'
  AND (subjects = '{}' OR %(issuer)s = ANY (subjects))
ORDER BY starts_at, silence_id

-- name: latest_of
-- What this analyst did last with a silence.
SELECT * FROM silence
WHERE greatest(CASE WHEN made_by = %(who)s THEN starts_at END,
               CASE WHEN ended_by = %(who)s THEN ended_at END) > %(since)s
ORDER BY greatest(starts_at, ended_at) DESC
LIMIT 1

-- name: silenced_alerts
SELECT count(*) AS n FROM alert
WHERE state <> 'resolved' AND EXISTS (
    SELECT FROM silences_over(subject_kind, subject, topic, severity, %(now)s))

-- name: suppress
INSERT INTO suppression (suppression_id, reason, subject_kind, subject, alert_id, first_at, last_at,
    detail)
VALUES (%(suppression_id)s, %(reason)s, %(subject_kind)s, %(subject)s, %(alert_id)s, %(first_at)s,
    %(last_at)s, %(detail)s)
ON CONFLICT (suppression_id) DO UPDATE
SET last_at = greatest(suppression.last_at, EXCLUDED.last_at), lifted_at = NULL,
    -- Who was never told that it was opened is not told that it was raised.
    detail = EXCLUDED.detail || CASE WHEN suppression.lifted_at IS NULL
        THEN jsonb_build_object('kind', suppression.detail -> 'kind') ELSE '{}' END

-- name: lift
-- Alerts that still fire, that a silence kept from being told, and over which none is any more.
UPDATE suppression SET lifted_at = %(now)s
FROM alert
WHERE alert.alert_id = suppression.alert_id AND reason = 'silenced' AND lifted_at IS NULL
  AND alert.state = 'firing' AND detail ->> 'kind' = ANY (%(kinds)s::text[])
  AND NOT EXISTS (SELECT FROM silences_over(alert.subject_kind, alert.subject, alert.topic,
                                            alert.severity, %(now)s))
RETURNING suppression.alert_id, detail ->> 'kind' AS kind

-- name: historical
SELECT alert_id, subject_kind, subject, topic, severity FROM alert
WHERE alert_id = ANY (%(alerts)s::uuid[]) AND historical AND origin = 'live'
  AND merged_into IS NULL

-- name: find
-- What was kept of the same kind nearby, and whether this adds anything to it.
SELECT suppression_id,
       %(first_at)s < first_at OR %(last_at)s > last_at
       OR %(p_value)s < (detail ->> 'p_value')::double precision AS grows
FROM suppression
WHERE reason = %(reason)s AND subject_kind = %(subject_kind)s AND subject = %(subject)s
  AND alert_id IS NULL
  AND first_at <= %(last_at)s::timestamptz + %(within)s::interval
  AND last_at >= %(first_at)s::timestamptz - %(within)s::interval
ORDER BY first_at LIMIT 1

-- name: add
INSERT INTO suppression (suppression_id, reason, subject_kind, subject, first_at, last_at, detail)
VALUES (%(suppression_id)s, %(reason)s, %(subject_kind)s, %(subject)s, %(first_at)s, %(last_at)s,
    %(detail)s)
ON CONFLICT DO NOTHING

-- name: grow
UPDATE suppression
SET first_at = least(first_at, %(first_at)s), last_at = greatest(last_at, %(last_at)s),
    detail = CASE WHEN %(p_value)s < (detail ->> 'p_value')::double precision
                  THEN %(detail)s::jsonb ELSE detail END
WHERE suppression_id = %(suppression_id)s

-- name: rise
UPDATE suppression SET lifted_at = %(now)s
WHERE subject_kind = %(subject_kind)s AND subject = %(subject)s AND alert_id IS NULL
  AND lifted_at IS NULL AND EXISTS (
      SELECT FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS alerted (start, "end")
      WHERE last_at >= alerted.start AND first_at < alerted."end")

-- name: suppressed
SELECT reason, subject, alert_id, first_at, last_at, lifted_at, detail FROM suppression
WHERE (subject_kind = 'issuer' AND subject = %(issuer)s
       OR reason = 'inhibited' AND detail -> 'issuers' ? %(issuer)s)
  AND first_at < %(until)s AND last_at >= %(since)s
ORDER BY first_at, reason
