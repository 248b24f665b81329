-- name: list_dead
SELECT topic_id, partition, kafka_offset, topic, stage, cause, source_id, url, seen_at, state,
       octet_length(raw) AS bytes
FROM dead_letter
WHERE state = ANY (%(states)s)
ORDER BY seen_at DESC, topic_id, partition, kafka_offset DESC
LIMIT %(limit)s

-- name: show_dead
SELECT topic_id, partition, kafka_offset, topic, stage, cause, source_id, url, seen_at, state,
       replayed_at, raw_expires_at, headers, raw
FROM dead_letter
WHERE partition = %(partition)s AND kafka_offset = %(offset)s AND topic = %(topic)s
ORDER BY seen_at DESC

-- name: replayable
-- As they were seen, or an article's older version would come after the newer.
SELECT topic_id, partition, kafka_offset, seen_at
FROM dead_letter
WHERE state = 'open' AND topic = %(topic)s AND stage IN ('decode', 'score')
  AND raw_expires_at > now()
ORDER BY seen_at, topic_id, partition, kafka_offset

-- name: message
SELECT raw FROM dead_letter
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND kafka_offset = %(kafka_offset)s
  AND state = 'open'

-- name: mark_replayed
-- Kafka has the message again; what may be kept of it is decided anew.
UPDATE dead_letter SET state = 'replayed', replayed_at = now(), raw = NULL, headers = '[]'
WHERE topic_id = %(topic_id)s AND partition = %(partition)s AND kafka_offset = %(kafka_offset)s
  AND state = 'open'
