-- What has come to its end. Each statement erases one batch; what another run holds is skipped.

-- name: erase_bodies
-- With a body go the sentences quoted from it, here and on alerts; its title stays, and what it says.
WITH due AS (
    SELECT article_id, rev, first_seen_at FROM revision
    WHERE body IS NOT NULL AND body_expires_at <= %(now)s
    ORDER BY body_expires_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), erased AS (
    UPDATE revision SET body = NULL FROM due
    WHERE revision.article_id = due.article_id AND revision.rev = due.rev
      AND revision.first_seen_at = due.first_seen_at
    RETURNING revision.article_id, revision.rev, revision.first_seen_at, revision.title
), quoted AS (
    SELECT score.article_id, score.rev, score.model_id, score.first_seen_at, score.sentence
    FROM erased JOIN score USING (article_id, rev, first_seen_at)
    WHERE position(score.sentence IN erased.title) = 0
), unquoted AS (
    UPDATE score SET sentence = NULL, sentence_probs = NULL FROM quoted
    WHERE score.article_id = quoted.article_id AND score.rev = quoted.rev
      AND score.model_id = quoted.model_id AND score.first_seen_at = quoted.first_seen_at
    RETURNING 1
), unshown AS (
    UPDATE alert_evidence SET sentence = NULL, sentence_p = NULL
    WHERE (article_id, sentence) IN (SELECT article_id, sentence FROM quoted)
    RETURNING 1
)
SELECT (SELECT count(*) FROM erased) AS bodies,
       (SELECT count(*) FROM unquoted) + (SELECT count(*) FROM unshown) AS sentences

-- name: due_bodies
WITH due AS (
    SELECT article_id, rev, first_seen_at, title FROM revision
    WHERE body IS NOT NULL AND body_expires_at <= %(now)s
), quoted AS (
    SELECT score.article_id, score.sentence
    FROM due JOIN score USING (article_id, rev, first_seen_at)
    WHERE position(score.sentence IN due.title) = 0
)
SELECT (SELECT count(*) FROM due) AS bodies,
       (SELECT count(*) FROM quoted)
       + (SELECT count(*) FROM alert_evidence
          WHERE (article_id, sentence) IN (SELECT article_id, sentence FROM quoted)) AS sentences

-- name: erase_messages
WITH due AS (
    SELECT topic_id, partition, kafka_offset FROM dead_letter
    WHERE state = 'open' AND raw_expires_at <= %(now)s
    ORDER BY raw_expires_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), erased AS (
    UPDATE dead_letter SET state = 'expired', raw = NULL, headers = '[]' FROM due
    WHERE dead_letter.topic_id = due.topic_id AND dead_letter.partition = due.partition
      AND dead_letter.kafka_offset = due.kafka_offset
    RETURNING 1
)
SELECT count(*) AS messages FROM erased

-- name: due_messages
SELECT count(*) AS messages FROM dead_letter WHERE state = 'open' AND raw_expires_at <= %(now)s

-- name: erase_keys
WITH due AS (
    SELECT lang, band_hash FROM story_key
    WHERE used_on < %(unused_since)s
    ORDER BY used_on
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), erased AS (
    DELETE FROM story_key USING due
    WHERE story_key.lang = due.lang AND story_key.band_hash = due.band_hash
    RETURNING 1
)
SELECT count(*) AS keys FROM erased

-- name: erase_suppressions
WITH due AS (
    SELECT suppression_id FROM suppression
    WHERE last_at < %(forgotten)s
    ORDER BY last_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), erased AS (
    DELETE FROM suppression USING due WHERE suppression.suppression_id = due.suppression_id
    RETURNING 1
)
SELECT count(*) AS suppressions FROM erased

-- name: due_suppressions
SELECT count(*) AS suppressions FROM suppression WHERE last_at < %(forgotten)s

-- name: due_keys
SELECT count(*) AS keys FROM story_key WHERE used_on < %(unused_since)s
