-- The canary: what the consumer writes of it, the alerts run adds, and an operator asks.

-- name: put
INSERT INTO canary (article_id, fetched_at, seen_at, model_id, p_negative)
VALUES (%(article_id)s, %(fetched_at)s, %(seen_at)s, %(model_id)s, %(p_negative)s)
ON CONFLICT DO NOTHING

-- name: forget
DELETE FROM canary WHERE fetched_at < %(until)s

-- name: judge
-- One that the classifier does not find negative would have raised no alert either.
UPDATE canary SET judged_at = %(now)s
WHERE judged_at IS NULL AND p_negative >= %(p)s
RETURNING fetched_at

-- name: latest
SELECT fetched_at, seen_at, scored_at, p_negative, judged_at,
       (SELECT min(sent_at) FROM delivery
        WHERE kind = 'canary' AND interval_start = canary.fetched_at) AS told_at
FROM canary ORDER BY fetched_at DESC LIMIT 1

-- name: flight
-- The latest visit to its site that published it; where none did, the first that tried.
SELECT started_at, ended_at, published > 0 AS published FROM crawl_run
WHERE source_id = %(source)s
ORDER BY published = 0, CASE WHEN published > 0 THEN ended_at END DESC, ended_at LIMIT 1
