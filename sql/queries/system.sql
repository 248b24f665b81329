-- Whether the parts do their work: sources, outcomes, dead letters, models.

-- name: source_yields
SELECT
    wanted.source_id,
    (SELECT count(*) FROM crawl_run r WHERE r.source_id = wanted.source_id
        AND r.ended_at > %(since)s) AS visits,
    (SELECT coalesce(sum(published), 0)::bigint FROM crawl_run r
     WHERE r.source_id = wanted.source_id AND r.ended_at > %(since)s) AS published,
    (SELECT coalesce(sum(refused), 0)::bigint FROM crawl_run r
     WHERE r.source_id = wanted.source_id AND r.ended_at > %(since)s) AS refused,
    (SELECT error FROM crawl_run r WHERE r.source_id = wanted.source_id
     ORDER BY ended_at DESC LIMIT 1) AS last_error
FROM unnest(%(sources)s::text[]) AS wanted (source_id)
ORDER BY wanted.source_id;

-- name: outcomes
SELECT coalesce(sum(records), 0)::bigint AS records, coalesce(sum(scored), 0)::bigint AS scored,
       coalesce(sum(copy), 0)::bigint AS copy, coalesce(sum(unchanged), 0)::bigint AS unchanged,
       coalesce(sum(unscored), 0)::bigint AS unscored, coalesce(sum(dead), 0)::bigint AS dead,
       max(committed_at) AS last_at
FROM ingest_batch;

-- name: dead_letters
SELECT topic, partition, kafka_offset, stage, cause, source_id, url, seen_at, state
FROM dead_letter ORDER BY seen_at DESC, kafka_offset DESC LIMIT %(limit)s;

-- name: dead_letter_stages
SELECT stage, count(*) AS n, count(*) FILTER (WHERE state = 'open') AS open
FROM dead_letter GROUP BY stage ORDER BY n DESC, stage;

-- name: topics_read
SELECT topic, count(*) AS partitions, count(owner) AS owned, sum(next_offset)::bigint AS read,
       max(updated_at) AS updated_at, max(attempts) AS attempts
FROM kafka_offset GROUP BY topic ORDER BY topic;

-- name: read_to
-- Of a topic that was made again, the one that is read now.
SELECT DISTINCT ON (partition) partition, next_offset
FROM kafka_offset WHERE topic = %(topic)s ORDER BY partition, updated_at DESC;

-- name: gaps
SELECT topic, partition, from_offset, cause, found_at FROM kafka_gap
ORDER BY found_at DESC LIMIT 20;

-- name: models
SELECT m.model_id, m.weights_digest, m.registered_at,
       (SELECT string_agg(alias, ' ' ORDER BY alias) FROM model_alias a
        WHERE a.model_id = m.model_id) AS alias,
       (SELECT what FROM model_event e WHERE e.model_id = m.model_id
        ORDER BY seq DESC LIMIT 1) AS last_event,
       (SELECT at FROM model_event e WHERE e.model_id = m.model_id
        ORDER BY seq DESC LIMIT 1) AS last_event_at
FROM model m ORDER BY m.registered_at DESC LIMIT 20;

-- name: heartbeats
SELECT part, at, as_of FROM heartbeat ORDER BY part;
