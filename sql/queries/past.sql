-- What a backtest reads: the news of a stretch of time as it is stored now.

-- name: series
SELECT series_id FROM series WHERE kind = %(kind)s

-- name: told
-- By source and hour: its articles, and the stories of which it was the first to tell.
SELECT source_id, floor(extract(epoch FROM occurred_at) / 3600)::bigint AS hour,
       count(*) FILTER (WHERE article_id = story_id) AS stories
FROM article
WHERE occurred_at >= %(since)s AND occurred_at < %(until)s
GROUP BY source_id, hour
ORDER BY source_id, hour

-- name: visits
-- By source: the hours of its successful visits, and that of its first one ever.
SELECT source_id, (SELECT floor(extract(epoch FROM min(first.ended_at)) / 3600)::bigint
                   FROM crawl_run first
                   WHERE first.source_id = crawl_run.source_id AND first.status = 'ok')
                  AS first_visit,
       array_agg(DISTINCT floor(extract(epoch FROM ended_at) / 3600)::bigint) AS hours
FROM crawl_run
WHERE status = 'ok' AND ended_at >= %(since)s AND ended_at < %(until)s
GROUP BY source_id

-- name: surges
-- Surges that were under way before a time.
SELECT subject_kind, subject, onset, least(last_surge_at, %(until)s) AS end, condition
FROM alert
WHERE merged_into IS NULL AND resolved_reason IS DISTINCT FROM 'corrected'
  AND onset < %(until)s AND last_surge_at >= %(since)s

-- name: days_begun
-- By series: the first bucket with any news of each day.
SELECT series_id, min(start) AS start FROM bucket
WHERE series_id = ANY(%(series)s::bigint[]) AND start >= %(since)s AND start < %(until)s AND n > 0
GROUP BY series_id, date_trunc('day', start)
ORDER BY series_id, start

-- name: names
SELECT entity_id, name_en, name_zh FROM entity WHERE entity_id = ANY(%(entities)s::text[])

-- name: limit
SELECT set_config('statement_timeout', %(milliseconds)s, true)
