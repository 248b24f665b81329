-- How reports of one event in other words become one story. A turn is one transaction.

-- name: take_turn
SELECT pg_try_advisory_xact_lock(7240117)

-- name: due
-- With the span of the story that each belongs to by now.
SELECT uncompared.story_id, story.first_at, story.last_at
FROM uncompared
JOIN article ON article.article_id = uncompared.story_id
JOIN story ON story.story_id = article.story_id
ORDER BY story.first_at, story.story_id
LIMIT %(limit)s

-- name: told
-- The stories with an article in one of these spans, each by all the reports that have a vector: a
-- report is what a story began with, be it merged into another since.
WITH near AS (
    SELECT DISTINCT article.story_id
    FROM unnest(%(sinces)s::timestamptz[], %(untils)s::timestamptz[]) AS span (since, until)
    JOIN article ON article.occurred_at >= span.since AND article.occurred_at <= span.until
    WHERE article.story_id IS NOT NULL
), about AS (
    SELECT story_id, array_agg(series_id) AS issuers
    FROM near JOIN story_signal USING (story_id) JOIN series USING (series_id)
    WHERE series.kind = 'issuer'
    GROUP BY story_id
)
SELECT told.story_id AS report_id, story.story_id, story.lang, story.kind, story.first_at,
       story.last_at, coalesce(about.issuers, '{}') AS issuers
FROM near
JOIN story ON story.story_id = near.story_id
JOIN article ON article.story_id = story.story_id
JOIN story told ON told.story_id = article.article_id
LEFT JOIN about ON about.story_id = story.story_id
WHERE told.rare IS NOT NULL
ORDER BY story.first_at, story.story_id, told.first_at, told.story_id

-- name: reports
SELECT story_id, halfvec_send(vector) AS vector, rare FROM story
WHERE story_id = ANY (%(story_ids)s::uuid[])

-- name: compared
DELETE FROM uncompared WHERE story_id = ANY (%(story_ids)s::uuid[])
