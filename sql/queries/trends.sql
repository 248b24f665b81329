-- Volume and sentiment of topics and issuers over slots of time.

-- name: busiest
-- Counts by slot of the series with most stories; slot i lies between bounds i and i + 1.
WITH counted AS (
    SELECT s.series_id, coalesce(s.entity_id, s.topic) AS subject,
           width_bucket(b.start, %(bounds)s::timestamptz[]) AS slot,
           sum(b.n)::bigint AS n, sum(b.negative)::bigint AS negative,
           sum(b.positive)::bigint AS positive
    FROM series s JOIN bucket b USING (series_id)
    WHERE s.kind = %(kind)s AND b.n > 0 AND b.start >= %(from)s AND b.start < %(to)s
    GROUP BY 1, 2, 3
), ranked AS (
    SELECT series_id, sum(n) AS total FROM counted GROUP BY 1
    ORDER BY total DESC, series_id LIMIT %(limit)s
)
SELECT c.subject, coalesce(e.name_en, c.subject) AS name_en, coalesce(e.name_zh, c.subject) AS name_zh,
       (SELECT code FROM security WHERE entity_id = c.subject ORDER BY position, code LIMIT 1) AS code,
       c.slot, c.n, c.negative, c.positive
FROM counted c JOIN ranked r USING (series_id)
LEFT JOIN entity e ON %(kind)s = 'issuer' AND e.entity_id = c.subject
ORDER BY r.total DESC, c.series_id, c.slot;

-- name: series_name
SELECT coalesce(s.entity_id, s.topic) AS subject, coalesce(e.name_en, s.topic) AS name_en,
       coalesce(e.name_zh, s.topic) AS name_zh,
       (SELECT code FROM security WHERE entity_id = e.entity_id ORDER BY position, code LIMIT 1) AS code
FROM series s LEFT JOIN entity e USING (entity_id)
WHERE s.kind = %(kind)s
  AND CASE s.kind WHEN 'issuer' THEN s.entity_id ELSE s.topic END = %(subject)s;

-- name: latest_stories
SELECT st.story_id, st.title, st.lang, st.kind, g.occurred_at, g.p_negative, g.p_positive, g.copies,
       g.publishers, a.url, p.name AS publisher_name
FROM series s
JOIN story_signal g USING (series_id)
JOIN story st USING (story_id)
JOIN article a ON a.article_id = st.representative
JOIN publisher p USING (publisher_id)
WHERE s.kind = %(kind)s
  AND CASE s.kind WHEN 'issuer' THEN s.entity_id ELSE s.topic END = %(subject)s
  AND g.occurred_at >= %(from)s AND g.occurred_at < %(to)s
ORDER BY g.occurred_at DESC, st.story_id
LIMIT %(limit)s;
