-- What the console shows of alerts.

-- name: pulse
SELECT
    (SELECT least(at, coalesce(as_of, at)) FROM heartbeat WHERE part = 'alerts') AS checked_at,
    (SELECT first_seen_at FROM article WHERE origin <> 'replay'
     ORDER BY first_seen_at DESC LIMIT 1) AS newest_article_at,
    (SELECT count(*) FROM alert WHERE state <> 'resolved') AS open_alerts;

-- name: source_visits
-- A run in which nothing was asked for is a source that the crawl did not reach: no visit of it.
SELECT
    wanted.source_id,
    visit.ended_at AS last_at,
    visit.status AS last_status,
    (SELECT ended_at FROM crawl_run answered
     WHERE answered.source_id = wanted.source_id AND status = 'ok' AND ended_at <= %(at)s
     ORDER BY ended_at DESC LIMIT 1) AS answered_at
FROM unnest(%(sources)s::text[]) AS wanted (source_id)
LEFT JOIN LATERAL (
    SELECT ended_at, status FROM crawl_run run
    WHERE run.source_id = wanted.source_id AND ended_at <= %(at)s AND requests > 0
    ORDER BY ended_at DESC LIMIT 1
) AS visit ON true
ORDER BY wanted.source_id;

-- name: articles_since
SELECT count(*) AS n FROM article WHERE first_seen_at >= %(since)s AND origin <> 'replay';

-- name: state_token
SELECT md5(coalesce(string_agg(concat_ws(':', alert_id, state, severity, observed, window_end,
                                         (SELECT max(seq) FROM alert_event e
                                          WHERE e.alert_id = a.alert_id)),
                               ',' ORDER BY alert_id), '')
           || (SELECT coalesce(string_agg(silence_id::text, ',' ORDER BY silence_id), '')
               FROM silence WHERE starts_at <= %(now)s AND %(now)s < coalesce(ended_at, ends_at)))
       AS token
FROM alert a
WHERE state <> 'resolved' OR resolved_at > %(now)s - interval '1 day';

-- name: alerts
-- `lead` is the story that weighs most; denials and what was withdrawn never lead.
SELECT
    a.*,
    coalesce(e.name_en, a.subject) AS name_en,
    coalesce(e.name_zh, a.subject) AS name_zh,
    (SELECT code FROM security WHERE entity_id = e.entity_id ORDER BY position, code LIMIT 1) AS code,
    coalesce(lead.title, '') AS lead_title,
    coalesce(lead.lang, 'en') AS lead_lang,
    coalesce(lead.publisher_name, '') AS lead_publisher,
    (SELECT coalesce(max(seq), 0) FROM alert_event ev WHERE ev.alert_id = a.alert_id) AS last_seq,
    coalesce((SELECT detail FROM alert_series c
              WHERE c.alert_id = a.alert_id AND c.condition = a.condition AND a.condition <> 'surge'
              ORDER BY window_minutes LIMIT 1), '{}') AS detail,
    m.weights_digest
FROM alert a
LEFT JOIN entity e ON a.subject_kind = 'issuer' AND e.entity_id = a.subject
LEFT JOIN model m USING (model_id)
LEFT JOIN LATERAL (
    SELECT title, lang, publisher_name FROM alert_evidence v
    WHERE v.alert_id = a.alert_id
    ORDER BY v.withdrawn, v.kind <> 'report', v.p_negative * v.relevance DESC, v.copies DESC,
             v.story_id
    LIMIT 1
) AS lead ON true
WHERE (%(alert_id)s::uuid IS NULL AND a.merged_into IS NULL OR a.alert_id = %(alert_id)s)
  AND (%(state)s = 'all' OR (a.state = 'resolved') = (%(state)s = 'resolved'))
  AND (%(silenced)s::boolean IS NULL OR %(silenced)s = EXISTS (
        SELECT FROM silences_over(a.subject_kind, a.subject, a.topic, a.severity, %(at)s)))
  AND (%(pattern)s = ''
       OR a.subject ILIKE %(pattern)s OR e.name_en ILIKE %(pattern)s OR e.name_zh ILIKE %(pattern)s
       OR a.topic = ANY (%(topics)s)
       OR EXISTS (SELECT FROM security s
                  WHERE s.entity_id = e.entity_id AND s.code ILIKE %(pattern)s)
       OR EXISTS (SELECT FROM alert_evidence v
                  WHERE v.alert_id = a.alert_id AND v.title ILIKE %(pattern)s))
ORDER BY a.detected_at DESC, array_position(ARRAY['critical', 'high', 'low', 'info'], a.severity),
         a.observed DESC, a.alert_id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: earlier_alerts
SELECT alert_id, detected_at, severity, topic, observed, window_minutes, state, resolved_reason
FROM alert
WHERE subject_kind = %(subject_kind)s AND subject = %(subject)s AND alert_id <> %(alert_id)s
  AND detected_at <= %(detected_at)s AND merged_into IS NULL
ORDER BY detected_at DESC
LIMIT 5;

-- name: evidence
-- Denials and corrections first, what was withdrawn last, between them by weight. The labels are
-- what this analyst said last.
SELECT
    v.*,
    EXISTS (SELECT FROM story WHERE story.story_id = v.story_id AND merged_into IS NOT NULL)
        AS merged,
    (SELECT value FROM label l WHERE l.article_id = v.article_id AND field = 'sentiment'
        AND annotator = %(annotator)s ORDER BY label_id DESC LIMIT 1) AS judged_sentiment,
    (SELECT value FROM label l WHERE l.article_id = v.article_id AND field = 'topic'
        AND annotator = %(annotator)s ORDER BY label_id DESC LIMIT 1) AS judged_topic
FROM alert_evidence v
WHERE v.alert_id = %(alert_id)s
ORDER BY v.kind = 'report', v.withdrawn, v.p_negative * v.relevance DESC, v.copies DESC, v.story_id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: evidence_count
SELECT count(*) AS n FROM alert_evidence WHERE alert_id = %(alert_id)s;

-- name: evidence_times
SELECT publisher_name, occurred_at, copies, withdrawn
FROM alert_evidence
WHERE alert_id = %(alert_id)s AND kind = 'report'
ORDER BY occurred_at, story_id;

-- name: timeline
SELECT seq, at, actor, what, detail FROM alert_event
WHERE alert_id = %(alert_id)s ORDER BY seq;

-- name: contributing
SELECT s.kind, coalesce(s.entity_id, s.topic) AS subject, c.window_minutes, c.window_end,
       c.observed, c.expected, c.threshold, c.p_value, c.condition, c.detail
FROM alert_series c JOIN series s USING (series_id)
WHERE c.alert_id = %(alert_id)s
ORDER BY c.condition = 'surge' DESC, c.p_value, c.window_minutes, subject;

-- name: thresholds
-- The count from which the subject's own series surges, for the leading window of each alert.
SELECT a.alert_id, min(c.threshold) AS threshold
FROM alert a JOIN alert_series c USING (alert_id, window_minutes) JOIN series s USING (series_id)
WHERE a.alert_id = ANY (%(alerts)s::uuid[]) AND c.condition <> 'slow_burn'
  AND s.kind = a.subject_kind AND coalesce(s.entity_id, s.topic) = a.subject
GROUP BY a.alert_id;

-- name: rule_body
SELECT body FROM rule_version WHERE rule_id = %(rule_id)s AND version = %(version)s;

-- name: buckets
-- Five-minute counts of several subjects, each within its own span of time.
SELECT wanted.key, b.start, b.n, b.negative, b.positive
FROM unnest(%(keys)s::text[], %(kinds)s::text[], %(subjects)s::text[],
            %(froms)s::timestamptz[], %(tos)s::timestamptz[])
     AS wanted (key, kind, subject, from_at, to_at)
JOIN series s ON s.kind = wanted.kind
    AND ((s.kind = 'issuer' AND s.entity_id = wanted.subject AND s.topic IS NULL)
         OR (s.kind = 'topic' AND s.topic = wanted.subject AND s.entity_id IS NULL))
JOIN bucket b ON b.series_id = s.series_id AND b.start >= wanted.from_at AND b.start < wanted.to_at
WHERE b.n > 0
ORDER BY wanted.key, b.start;

-- name: watched_hours
-- Hours, counted from the first, in which something is known to have happened or a source answered:
-- the others are holes, not zeros.
SELECT floor(extract(epoch FROM occurred_at - %(from)s) / 3600)::int AS hour
FROM article WHERE occurred_at >= %(from)s AND occurred_at < %(to)s
UNION
SELECT floor(extract(epoch FROM ended_at - %(from)s) / 3600)::int
FROM crawl_run
WHERE source_id = ANY (%(sources)s) AND status = 'ok'
  AND ended_at >= %(from)s AND ended_at < %(to)s;

-- name: undoable
-- What this analyst did last, if nothing else has decided the alert's state since.
SELECT e.alert_id, e.seq, e.what, e.at
FROM alert_event e
WHERE e.actor = %(who)s AND e.what IN ('acknowledged', 'false_alarm', 'resolved')
  AND e.at > %(since)s
  AND (%(alert_id)s::uuid IS NULL OR e.alert_id = %(alert_id)s)
  AND NOT EXISTS (
      SELECT FROM alert_event later
      WHERE later.alert_id = e.alert_id AND later.seq > e.seq
        AND later.what IN ('acknowledged', 'false_alarm', 'resolved', 'reopened', 'undone', 'lapsed'))
ORDER BY e.at DESC
LIMIT 1;
