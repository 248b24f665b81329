-- What of the news was there and watched, for the alerts run.

-- name: covered
-- The days with any article: from each to the next through the index, never over all articles.
WITH RECURSIVE found (day) AS (
    (SELECT date_trunc('day', occurred_at) FROM article
     WHERE occurred_at >= %(since)s AND occurred_at < %(until)s ORDER BY occurred_at LIMIT 1)
    UNION ALL
    SELECT (SELECT date_trunc('day', occurred_at) FROM article
            WHERE occurred_at >= found.day + interval '1 day' AND occurred_at < %(until)s
            ORDER BY occurred_at LIMIT 1)
    FROM found WHERE found.day IS NOT NULL
)
SELECT day::date FROM found WHERE day IS NOT NULL

-- name: hours
-- When news comes: every story is filed under one topic.
SELECT (extract(epoch FROM date_trunc('hour', start)) / 3600)::bigint AS hour, sum(n)::bigint AS stories
FROM bucket JOIN series USING (series_id)
WHERE series.kind = 'topic' AND start >= %(since)s AND start < %(until)s
GROUP BY hour

-- name: sources
-- What each source was the first to tell, and the hours it has articles in.
SELECT source_id, count(*) FILTER (WHERE article_id = story_id) AS stories,
       array_agg(DISTINCT floor(extract(epoch FROM occurred_at) / 3600)::bigint) AS told,
       (SELECT floor(extract(epoch FROM min(ended_at)) / 3600)::bigint FROM crawl_run
        WHERE crawl_run.source_id = article.source_id AND status = 'ok') AS first_visit
FROM article
WHERE occurred_at >= %(since)s AND occurred_at < %(until)s
GROUP BY source_id

-- name: visits
SELECT DISTINCT source_id, floor(extract(epoch FROM ended_at) / 3600)::bigint AS hour
FROM crawl_run
WHERE status = 'ok' AND ended_at >= %(since)s AND ended_at <= %(until)s
ORDER BY source_id, hour
