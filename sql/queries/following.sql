-- name: outcomes_since
-- Batches that lie wholly behind these offsets.
SELECT coalesce(sum(b.records), 0) AS records, coalesce(sum(b.scored), 0) AS scored,
       coalesce(sum(b.copy), 0) AS copy, coalesce(sum(b.unchanged), 0) AS unchanged,
       coalesce(sum(b.unscored), 0) AS unscored, coalesce(sum(b.dead), 0) AS dead
FROM ingest_batch b
JOIN (
    SELECT DISTINCT ON (topic, partition) topic_id, partition
    FROM kafka_offset WHERE topic = %(topic)s ORDER BY topic, partition, updated_at DESC
) AS o USING (topic_id, partition)
JOIN unnest(%(partitions)s::int[], %(offsets)s::bigint[]) AS start (partition, first)
     ON start.partition = b.partition
WHERE b.first_offset >= start.first

-- name: reached
-- Whether the consumer has committed everything before these offsets.
SELECT count(*) FILTER (WHERE coalesce(o.next_offset, 0) < wanted.due) = 0
FROM unnest(%(partitions)s::int[], %(offsets)s::bigint[]) AS wanted (partition, due)
LEFT JOIN (
    SELECT DISTINCT ON (partition) partition, next_offset
    FROM kafka_offset WHERE topic = %(topic)s ORDER BY partition, updated_at DESC
) AS o USING (partition)

-- name: flow
SELECT coalesce(sum(scored), 0) AS scored, coalesce(sum(copy), 0) AS copy,
       coalesce(sum(unchanged), 0) AS unchanged, coalesce(sum(unscored), 0) AS unscored,
       coalesce(sum(dead), 0) AS dead
FROM ingest_batch

-- name: crawled
SELECT coalesce(sum(published), 0) AS published, coalesce(sum(refused), 0) AS refused
FROM crawl_run WHERE source_id <> 'canary'

-- name: alerts
SELECT subject_kind, subject, state, resolved_reason, origin
FROM alert WHERE merged_into IS NULL ORDER BY detected_at, alert_id
