-- What the conditions beside surges are judged by.

-- name: headlines
-- Each publisher's own headline of these stories, as it is now.
SELECT signal.story_id, signal.occurred_at AS began_at, article.occurred_at AS at,
       signal.p_negative, left(revision.title, 300) AS title, revision.lang,
       left(publisher.name, 100) AS publisher, publisher.tier
FROM story_signal signal
JOIN article USING (story_id)
JOIN publisher USING (publisher_id)
JOIN revision ON revision.article_id = article.article_id
     AND revision.first_seen_at = article.first_seen_at AND revision.rev = article.current_rev
WHERE signal.series_id = %(series_id)s AND signal.story_id = ANY(%(stories)s::uuid[])
  AND article.occurred_at < %(until)s
ORDER BY article.occurred_at, article.article_id

-- name: net
-- Negative and positive stories of each day with any; of a topic those that name no issuer. The day
-- of the series' first story is there, even where it lies before.
SELECT signal.series_id, floor(extract(epoch FROM signal.occurred_at) / 86400)::integer AS day,
       count(*) FILTER (WHERE signal.p_negative >= %(p)s)::integer AS negative,
       count(*) FILTER (WHERE signal.p_positive >= %(p)s)::integer AS positive
FROM story_signal signal JOIN story USING (story_id)
WHERE signal.series_id = ANY(%(series)s::bigint[])
  AND signal.occurred_at >= %(since)s AND signal.occurred_at < %(until)s
  AND signal.relevance >= %(relevance)s
  AND story.kind = 'report' AND story.merged_into IS NULL
  AND (%(kind)s = 'issuer' OR NOT EXISTS (
        SELECT FROM story_signal other
        JOIN series ON series.series_id = other.series_id AND series.kind = 'issuer'
        JOIN entity ON entity.entity_id = series.entity_id AND entity.kind = 'issuer'
        WHERE other.story_id = signal.story_id AND other.relevance >= %(relevance)s))
GROUP BY signal.series_id, day
UNION ALL
SELECT wanted.series_id, floor(extract(epoch FROM first.occurred_at) / 86400)::integer, 0, 0
FROM unnest(%(series)s::bigint[]) AS wanted (series_id)
CROSS JOIN LATERAL (
    SELECT occurred_at FROM story_signal
    WHERE series_id = wanted.series_id AND occurred_at < %(since)s
    ORDER BY occurred_at LIMIT 1
) AS first
