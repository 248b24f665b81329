-- What an alerts run reads and writes; all of it in one transaction under one lock.

-- name: lock
SELECT pg_advisory_xact_lock(7240116)

-- name: newest_as_of
SELECT greatest(%(as_of)s::timestamptz, (SELECT as_of FROM heartbeat WHERE part = 'alerts'))

-- name: beat
INSERT INTO heartbeat (part, at, as_of) VALUES ('alerts', %(now)s, %(as_of)s)
ON CONFLICT (part) DO UPDATE SET at = EXCLUDED.at, as_of = EXCLUDED.as_of

-- name: import_rule
WITH added AS (
    INSERT INTO rule (rule_id, version) VALUES (%(rule_id)s, 1)
    ON CONFLICT DO NOTHING
    RETURNING rule_id, version
)
INSERT INTO rule_version (rule_id, version, body)
SELECT rule_id, version, %(body)s FROM added

-- name: rule
SELECT version, enabled, body FROM rule JOIN rule_version USING (rule_id, version)
WHERE rule_id = %(rule_id)s

-- name: changes
SELECT id, series_id, start FROM bucket_change WHERE start <= %(until)s ORDER BY id

-- name: forget_changes
DELETE FROM bucket_change WHERE id = ANY(%(ids)s::bigint[])

-- name: recount
INSERT INTO bucket (series_id, start, n, negative, positive)
SELECT want.series_id, want.start,
       count(counted.story_id),
       count(*) FILTER (WHERE counted.kind = 'report' AND counted.p_negative >= %(p)s
                        AND counted.relevance >= %(relevance)s),
       count(*) FILTER (WHERE counted.p_positive >= %(p)s AND counted.relevance >= %(relevance)s)
FROM (SELECT DISTINCT * FROM unnest(%(series)s::bigint[], %(starts)s::timestamptz[])
      AS asked (series_id, start)) want
LEFT JOIN LATERAL (
    SELECT signal.*, story.kind
    FROM story_signal signal JOIN story USING (story_id)
    WHERE signal.series_id = want.series_id AND story.merged_into IS NULL
      AND signal.occurred_at >= want.start
      AND signal.occurred_at < want.start + interval '5 minutes'
) counted ON true
GROUP BY want.series_id, want.start
ON CONFLICT (series_id, start) DO UPDATE
SET n = EXCLUDED.n, negative = EXCLUDED.negative, positive = EXCLUDED.positive
WHERE (bucket.n, bucket.negative, bucket.positive)
      IS DISTINCT FROM (EXCLUDED.n, EXCLUDED.negative, EXCLUDED.positive)

-- name: subjects
SELECT series.series_id, coalesce(series.entity_id, series.topic) AS subject,
       (SELECT substring(code FROM '[.]([A-Z]+)$') FROM security
        WHERE security.entity_id = series.entity_id ORDER BY position LIMIT 1) AS market
FROM series LEFT JOIN entity USING (entity_id)
WHERE series.kind = %(kind)s
  AND (series.kind = 'topic' OR entity.kind = 'issuer')
  AND coalesce(series.topic, '') <> ALL(%(unwatched)s::text[])
  AND (series.series_id = ANY(%(changed)s::bigint[])
       OR EXISTS (SELECT FROM alert
                  WHERE alert.state <> 'resolved' AND alert.subject_kind = series.kind
                    AND alert.subject = coalesce(series.entity_id, series.topic)))
ORDER BY series.series_id

-- name: known
-- The open alerts of these subjects, and those whose episodes a baseline could hold.
SELECT alert_id, subject, state, severity, onset, last_surge_at, observed, resolved_reason,
       condition
FROM alert
WHERE subject_kind = %(kind)s AND subject = ANY(%(subjects)s::text[]) AND merged_into IS NULL
  AND (state <> 'resolved' OR last_surge_at >= %(reach)s::interval * -1 + least(
        %(since)s::timestamptz,
        (SELECT min(onset) FROM alert open
         WHERE open.subject_kind = %(kind)s AND open.subject = ANY(%(subjects)s::text[])
           AND open.state <> 'resolved')))
ORDER BY alert_id
FOR UPDATE

-- name: stories
SELECT signal.series_id, signal.story_id, signal.occurred_at,
       signal.p_negative * signal.relevance * (1 + ln(greatest(signal.publishers, 1))) AS weight,
       about.issuers,
       (SELECT series.topic FROM story_signal filed JOIN series USING (series_id)
        WHERE filed.story_id = signal.story_id AND series.kind = 'topic') AS topic
FROM unnest(%(series)s::bigint[], %(since)s::timestamptz[]) AS want (series_id, since)
JOIN story_signal signal ON signal.series_id = want.series_id
     AND signal.occurred_at >= want.since AND signal.occurred_at < %(until)s
JOIN story USING (story_id)
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(entity.entity_id ORDER BY other.relevance DESC, entity.entity_id),
                    '{}') AS issuers
    FROM story_signal other
    JOIN series ON series.series_id = other.series_id AND series.kind = 'issuer'
    JOIN entity ON entity.entity_id = series.entity_id AND entity.kind = 'issuer'
    WHERE other.story_id = signal.story_id AND other.relevance >= %(relevance)s
) about
WHERE story.kind = 'report' AND story.merged_into IS NULL
  AND signal.p_negative >= %(p)s AND signal.relevance >= %(relevance)s

-- name: owners
SELECT article.story_id, array_agg(DISTINCT publisher.owner) AS owners
FROM article JOIN publisher USING (publisher_id)
WHERE article.story_id = ANY(%(stories)s::uuid[])
GROUP BY article.story_id

-- name: carried
SELECT subject, onset, last_surge_at FROM alert
WHERE subject_kind = 'issuer' AND resolved_reason IS DISTINCT FROM 'corrected'
  AND last_surge_at >= %(since)s

-- name: rests_on
SELECT story_id FROM alert_evidence JOIN alert USING (alert_id)
WHERE alert.subject_kind = 'topic' AND alert.subject = %(subject)s AND alert.state <> 'resolved'

-- name: facts
-- What the stories say together: the topic most are filed under, the model that said so.
SELECT mode() WITHIN GROUP (ORDER BY score.topic) AS topic,
       mode() WITHIN GROUP (ORDER BY score.model_id) AS model_id,
       coalesce(sum(signal.copies), 0)::integer AS copies,
       CASE WHEN count(*) FILTER (WHERE signal.origin = 'live') * 2 >= count(*) THEN 'live'
            ELSE mode() WITHIN GROUP (ORDER BY signal.origin) END AS origin
FROM story_signal signal
JOIN story USING (story_id)
JOIN article ON article.article_id = story.representative
JOIN LATERAL (
    SELECT topic, model_id FROM score
    LEFT JOIN model_alias USING (model_id)
    WHERE score.article_id = article.article_id AND score.first_seen_at = article.first_seen_at
    ORDER BY score.rev DESC, alias = 'champion' DESC NULLS LAST, scored_at LIMIT 1
) score ON true
WHERE signal.series_id = %(series_id)s AND signal.story_id = ANY(%(stories)s::uuid[])

-- name: open
INSERT INTO alert (alert_id, subject_kind, subject, topic, state, severity, onset, last_surge_at,
    detected_at, evaluated_as_of, observed, window_minutes, window_end, usual_low, usual_high,
    baseline_days, cold_start, publishers, copies, origin, historical, rule_id, rule_version,
    model_id, within_topic, condition, resolved_at, resolved_reason, reopened_from)
VALUES (%(alert_id)s, %(subject_kind)s, %(subject)s, %(topic)s, %(state)s, %(severity)s, %(onset)s,
    %(last_surge_at)s, %(now)s, %(as_of)s, %(observed)s, %(window_minutes)s, %(window_end)s,
    %(usual_low)s, %(usual_high)s, %(baseline_days)s, %(cold_start)s, %(publishers)s, %(copies)s,
    %(origin)s, %(historical)s, %(rule_id)s, %(rule_version)s, %(model_id)s, %(within_topic)s,
    %(condition)s, %(resolved_at)s, %(resolved_reason)s, %(reopened_from)s)

-- name: follow
UPDATE alert
SET state = %(state)s, severity = %(severity)s, onset = %(onset)s,
    last_surge_at = %(last_surge_at)s, evaluated_as_of = %(as_of)s, topic = %(topic)s,
    observed = %(observed)s, window_minutes = %(window_minutes)s, window_end = %(window_end)s,
    usual_low = %(usual_low)s, usual_high = %(usual_high)s, baseline_days = %(baseline_days)s,
    within_topic = %(within_topic)s, condition = %(condition)s, cold_start = %(cold_start)s, publishers = %(publishers)s, copies = %(copies)s,
    origin = %(origin)s, historical = historical AND NOT (state = 'resolved' AND %(state)s <> state)
        AND NOT (condition = 'slow_burn' AND %(condition)s <> condition),
    rule_id = %(rule_id)s, rule_version = %(rule_version)s,
    resolved_at = CASE WHEN %(state)s = 'resolved' THEN coalesce(resolved_at, %(now)s) END,
    resolved_reason = %(resolved_reason)s
WHERE alert_id = %(alert_id)s

-- name: prolong
-- An alert an analyst has ended keeps the figures it was judged by.
UPDATE alert
SET last_surge_at = greatest(last_surge_at, %(last_surge_at)s), evaluated_as_of = %(as_of)s
WHERE alert_id = %(alert_id)s

-- name: figures
SELECT observed, window_minutes, publishers FROM alert WHERE alert_id = %(alert_id)s

-- name: correct
UPDATE alert
SET state = 'resolved', resolved_at = %(now)s, resolved_reason = 'corrected',
    evaluated_as_of = %(as_of)s
WHERE alert_id = %(alert_id)s

-- name: merge
-- Whoever had taken the merged alert on keeps it.
WITH merged AS (
    UPDATE alert
    SET state = 'resolved', resolved_reason = 'merged', merged_into = %(into)s,
        resolved_at = coalesce(resolved_at, %(now)s)
    WHERE alert_id = %(alert_id)s
    RETURNING owner, acknowledged_until, worse_from, worse_than
)
UPDATE alert
SET owner = coalesce(alert.owner, merged.owner),
    acknowledged_until = coalesce(alert.acknowledged_until, merged.acknowledged_until),
    worse_from = coalesce(alert.worse_from, merged.worse_from),
    worse_than = coalesce(alert.worse_than, merged.worse_than)
FROM merged
WHERE alert.alert_id = %(into)s

-- name: forget_series
DELETE FROM alert_series WHERE alert_id = %(alert_id)s

-- name: topic_series
-- The series of one topic within an issuer; it is there once an alert names it.
WITH wanted AS (
    INSERT INTO series (kind, topic, entity_id)
    SELECT 'issuer_topic', %(topic)s, entity_id FROM series WHERE series_id = %(series_id)s
    ON CONFLICT DO NOTHING
    RETURNING series_id
)
SELECT series_id FROM wanted
UNION ALL
SELECT within.series_id FROM series within
JOIN series whole ON whole.series_id = %(series_id)s AND whole.entity_id = within.entity_id
WHERE within.kind = 'issuer_topic' AND within.topic = %(topic)s

-- name: add_series
INSERT INTO alert_series (alert_id, series_id, window_minutes, window_end, observed, expected,
    threshold, p_value, condition, detail)
VALUES (%(alert_id)s, %(series_id)s, %(window_minutes)s, %(window_end)s, %(observed)s,
    %(expected)s, %(threshold)s, %(p_value)s, %(condition)s, %(detail)s)

-- name: add_event
INSERT INTO alert_event (alert_id, seq, at, actor, what, detail)
SELECT %(alert_id)s, coalesce(max(seq), 0) + 1, %(now)s, 'tocsin', %(what)s, %(detail)s
FROM alert_event WHERE alert_id = %(alert_id)s

-- name: answers
-- Denials and corrections about the subject since the alert began: an analyst reads them first.
SELECT story_id FROM story_signal JOIN story USING (story_id)
WHERE series_id = %(series_id)s AND story.kind <> 'report' AND story.merged_into IS NULL
  AND relevance >= %(relevance)s
  AND occurred_at >= %(since)s AND occurred_at < %(until)s
ORDER BY occurred_at, story_id LIMIT 10

-- name: evidence
SELECT story_id FROM alert_evidence WHERE alert_id = %(alert_id)s

-- name: add_evidence
INSERT INTO alert_evidence (alert_id, story_id, article_id, added_at, kind, lang, title, url,
    publisher_name, tier, published_at, seen_at, occurred_at, topic, p_negative, relevance,
    sentence, sentence_p, copies, publishers, model_id)
SELECT %(alert_id)s, story.story_id, article.article_id, %(now)s, story.kind, revision.lang,
       revision.title, article.url, publisher.name, publisher.tier, revision.published_at,
       revision.seen_at, signal.occurred_at, score.topic, signal.p_negative, signal.relevance,
       score.sentence, score.sentence_probs[1], signal.copies, signal.publishers, score.model_id
FROM story
JOIN story_signal signal ON signal.story_id = story.story_id
     AND signal.series_id = %(series_id)s
JOIN article ON article.article_id = story.representative
JOIN publisher USING (publisher_id)
JOIN LATERAL (
    SELECT score.* FROM score
    LEFT JOIN model_alias USING (model_id)
    WHERE score.article_id = article.article_id AND score.first_seen_at = article.first_seen_at
    ORDER BY score.rev DESC, alias = 'champion' DESC NULLS LAST, scored_at LIMIT 1
) score ON true
JOIN revision ON revision.article_id = article.article_id AND revision.rev = score.rev
     AND revision.first_seen_at = article.first_seen_at
WHERE story.story_id = ANY(%(stories)s::uuid[])
ON CONFLICT DO NOTHING

-- name: refresh_evidence
-- What was shown stays; how far it spread and whether it still holds follows what is known.
UPDATE alert_evidence evidence
SET copies = coalesce(now.copies, evidence.copies),
    publishers = coalesce(now.publishers, evidence.publishers),
    withdrawn = evidence.kind = 'report' AND now.holds IS NOT TRUE
FROM alert_evidence shown
LEFT JOIN LATERAL (
    SELECT signal.copies, signal.publishers,
           story.kind = 'report' AND story.merged_into IS NULL
           AND signal.p_negative >= %(p)s AND signal.relevance >= %(relevance)s AS holds
    FROM story_signal signal JOIN story USING (story_id)
    WHERE signal.story_id = shown.story_id AND signal.series_id = %(series_id)s
) now ON true
WHERE evidence.alert_id = %(alert_id)s AND shown.alert_id = evidence.alert_id
  AND shown.story_id = evidence.story_id
  AND (evidence.copies, evidence.publishers, evidence.withdrawn) IS DISTINCT FROM
      (coalesce(now.copies, evidence.copies), coalesce(now.publishers, evidence.publishers),
       evidence.kind = 'report' AND now.holds IS NOT TRUE)

-- name: issuers_called
SELECT DISTINCT entity_id, name_en, name_zh
FROM entity LEFT JOIN security USING (entity_id) LEFT JOIN entity_alias USING (entity_id)
WHERE entity.kind = 'issuer'
  AND lower(%(name)s) IN (lower(entity_id), lower(name_en), lower(name_zh), lower(code), lower(alias))
ORDER BY entity_id

-- name: issuer_series
SELECT series.series_id, series.entity_id AS subject,
       (SELECT substring(code FROM '[.]([A-Z]+)$') FROM security
        WHERE security.entity_id = series.entity_id ORDER BY position LIMIT 1) AS market
FROM series WHERE kind = 'issuer' AND entity_id = %(entity_id)s

-- name: alerts_of
SELECT alert_id, subject, state, severity, onset, last_surge_at, observed, resolved_reason,
       condition
FROM alert
WHERE subject_kind = 'issuer' AND subject = %(subject)s AND merged_into IS NULL
  AND onset < %(until)s AND last_surge_at >= %(since)s
ORDER BY onset

-- name: lapse
-- Acknowledged alerts that fire again, and whether because they got worse.
WITH over AS (
    SELECT alert_id, acknowledged_until,
           coalesce(observed >= worse_from OR severity <> worse_than, false) AS worse
    FROM alert
    WHERE state = 'acknowledged'
      AND (acknowledged_until <= %(now)s OR observed >= worse_from OR severity <> worse_than)
    ORDER BY alert_id
    FOR UPDATE
)
UPDATE alert
SET state = 'firing', acknowledged_until = NULL, worse_from = NULL, worse_than = NULL
FROM over WHERE alert.alert_id = over.alert_id
RETURNING alert.alert_id, over.worse
