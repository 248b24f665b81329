-- What the consumer does. Everything from `advance` on happens in one transaction.

-- name: claim
INSERT INTO kafka_offset AS mine (cluster_id, topic_id, partition, topic, next_offset, epoch, owner)
VALUES (%(cluster_id)s, %(topic_id)s, %(partition)s, %(topic)s, 0, 1, %(owner)s)
ON CONFLICT (cluster_id, topic_id, partition) DO UPDATE
SET epoch = mine.epoch + 1, owner = excluded.owner, updated_at = now()
RETURNING next_offset, epoch, attempts

-- name: earlier_topic
-- The same name under another id: the topic was deleted and made again.
SELECT topic_id, next_offset
FROM kafka_offset
WHERE cluster_id = %(cluster_id)s AND topic = %(topic)s AND partition = %(partition)s
  AND topic_id <> %(topic_id)s AND next_offset > 0
ORDER BY updated_at DESC
LIMIT 1

-- name: known_topic
SELECT 1 FROM kafka_offset
WHERE cluster_id = %(cluster_id)s AND topic_id = %(topic_id)s AND partition = %(partition)s

-- name: record_gap
INSERT INTO kafka_gap (cluster_id, topic, topic_id, partition, from_offset, cause)
VALUES (%(cluster_id)s, %(topic)s, %(topic_id)s, %(partition)s, %(from_offset)s, %(cause)s)
ON CONFLICT DO NOTHING

-- name: accept_gap
-- The operator has read of the gap: go on from the given offset.
UPDATE kafka_offset SET next_offset = %(offset)s, epoch = epoch + 1, attempts = 0
WHERE cluster_id = %(cluster_id)s AND topic_id = %(topic_id)s AND partition = %(partition)s

-- name: attempt
UPDATE kafka_offset AS mine SET attempts = mine.attempts + 1
FROM unnest(%(topic_ids)s::uuid[], %(partitions)s::int[], %(epochs)s::bigint[])
     AS due (topic_id, partition, epoch)
WHERE mine.cluster_id = %(cluster_id)s AND mine.topic_id = due.topic_id
  AND mine.partition = due.partition AND mine.epoch = due.epoch

-- name: spare
-- Whatever the epoch: who lost a partition lives, and its attempt was no crash.
UPDATE kafka_offset AS mine SET attempts = greatest(mine.attempts - 1, 0)
FROM unnest(%(topic_ids)s::uuid[], %(partitions)s::int[]) AS due (topic_id, partition)
WHERE mine.cluster_id = %(cluster_id)s AND mine.topic_id = due.topic_id
  AND mine.partition = due.partition

-- name: advance
UPDATE kafka_offset
SET next_offset = %(next_offset)s, attempts = %(attempts)s, updated_at = now()
WHERE cluster_id = %(cluster_id)s AND topic_id = %(topic_id)s AND partition = %(partition)s
  AND epoch = %(epoch)s AND next_offset = %(expected)s

-- name: count_batch
INSERT INTO ingest_batch (topic_id, partition, first_offset, next_offset, records,
                          scored, copy, unchanged, unscored, dead, owner)
VALUES (%(topic_id)s, %(partition)s, %(first_offset)s, %(next_offset)s, %(records)s,
        %(scored)s, %(copy)s, %(unchanged)s, %(unscored)s, %(dead)s, %(owner)s)

-- name: current_articles
SELECT a.article_id, a.current_rev, a.first_seen_at, a.occurred_at, a.story_id, r.content_sha,
       r.seen_at
FROM article a
JOIN revision r ON r.article_id = a.article_id AND r.rev = a.current_rev
               AND r.first_seen_at = a.first_seen_at
WHERE a.article_id = ANY (%(article_ids)s::uuid[])

-- name: put_publishers
INSERT INTO publisher AS p (publisher_id, name, owner, tier)
SELECT * FROM unnest(%(ids)s::text[], %(names)s::text[], %(owners)s::text[], %(tiers)s::text[])
ORDER BY 1
ON CONFLICT (publisher_id) DO UPDATE
SET name = excluded.name, owner = excluded.owner, tier = excluded.tier
WHERE (p.name, p.owner, p.tier) IS DISTINCT FROM (excluded.name, excluded.owner, excluded.tier)

-- name: put_articles
INSERT INTO article AS a (article_id, source_id, publisher_id, url, kind, first_seen_at,
                          occurred_at, origin, story_id, current_rev)
SELECT * FROM unnest(
    %(article_ids)s::uuid[], %(source_ids)s::text[], %(publisher_ids)s::text[], %(urls)s::text[],
    %(kinds)s::text[], %(first_seen_ats)s::timestamptz[], %(occurred_ats)s::timestamptz[],
    %(origins)s::text[], %(story_ids)s::uuid[], %(revs)s::int[])
ON CONFLICT (article_id) DO UPDATE
SET current_rev = excluded.current_rev, story_id = coalesce(a.story_id, excluded.story_id)

-- name: copy_revisions
COPY revision (article_id, rev, first_seen_at, content_sha, title, body, body_expires_at, lang,
               published_at, fetched_at, seen_at, topic_id, partition, kafka_offset) FROM STDIN

-- name: copy_scores
COPY score (article_id, rev, model_id, first_seen_at, topic, topic_probs, sentiment,
            sentiment_probs, sentence, sentence_probs) FROM STDIN

-- name: copy_mentions
COPY mention (article_id, rev, model_id, entity_id, first_seen_at, relevance, spans,
              sentiment_probs) FROM STDIN

-- name: copy_dead_letters
COPY dead_letter (topic_id, partition, kafka_offset, topic, raw, raw_expires_at, headers, stage,
                  cause, source_id, url, seen_at) FROM STDIN

-- name: put_crawl_runs
INSERT INTO crawl_run (run_id, source_id, started_at, ended_at, requests, not_modified, published,
                       refused, status, error, expected_per_day)
VALUES (%(run_id)s, %(source_id)s, %(started_at)s, %(ended_at)s, %(requests)s, %(not_modified)s,
        %(published)s, %(refused)s, %(status)s, %(error)s, %(expected_per_day)s)
ON CONFLICT (run_id) DO NOTHING

-- name: ensure_month
SELECT ensure_month(%(month)s)

-- name: beat
INSERT INTO heartbeat (part, at) VALUES (%(part)s, now())
ON CONFLICT (part) DO UPDATE SET at = excluded.at

-- name: register_model
INSERT INTO model (model_id, weights_digest, manifest)
VALUES (%(model_id)s, %(weights_digest)s, %(manifest)s)
ON CONFLICT (model_id) DO NOTHING

-- name: put_entities
INSERT INTO entity AS e (entity_id, kind, name_en, name_zh, sector, parent)
SELECT * FROM unnest(%(ids)s::text[], %(kinds)s::text[], %(names_en)s::text[], %(names_zh)s::text[],
                     %(sectors)s::text[], %(parents)s::text[])
ORDER BY 1
ON CONFLICT (entity_id) DO UPDATE
SET kind = excluded.kind, name_en = excluded.name_en, name_zh = excluded.name_zh,
    sector = excluded.sector, parent = excluded.parent
WHERE (e.kind, e.name_en, e.name_zh, e.sector, e.parent) IS DISTINCT FROM
      (excluded.kind, excluded.name_en, excluded.name_zh, excluded.sector, excluded.parent)

-- name: drop_securities
-- What the lists no longer give an issuer of theirs.
DELETE FROM security WHERE entity_id = ANY (%(ids)s::text[]) AND code <> ALL (%(codes)s::text[])

-- name: drop_aliases
DELETE FROM entity_alias a
WHERE a.entity_id = ANY (%(listed)s::text[])
  AND NOT EXISTS (SELECT FROM unnest(%(ids)s::text[], %(langs)s::text[], %(aliases)s::text[])
                              AS kept (entity_id, lang, alias)
                  WHERE (kept.entity_id, kept.lang, kept.alias) = (a.entity_id, a.lang, a.alias))

-- name: put_securities
INSERT INTO security AS s (code, entity_id, position, valid_from, valid_to)
SELECT * FROM unnest(%(codes)s::text[], %(ids)s::text[], %(positions)s::smallint[],
                     %(begins)s::date[], %(ends)s::date[])
ORDER BY 1
ON CONFLICT (code) DO UPDATE
SET entity_id = excluded.entity_id, position = excluded.position,
    valid_from = excluded.valid_from, valid_to = excluded.valid_to
WHERE (s.entity_id, s.position, s.valid_from, s.valid_to) IS DISTINCT FROM
      (excluded.entity_id, excluded.position, excluded.valid_from, excluded.valid_to)

-- name: put_aliases
INSERT INTO entity_alias (entity_id, lang, alias)
SELECT * FROM unnest(%(ids)s::text[], %(langs)s::text[], %(aliases)s::text[])
ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
