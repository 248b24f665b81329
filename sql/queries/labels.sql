-- What analysts said of labels, frozen for training, and what came of it.

-- name: judged
-- The last word on each article and field, with the text it was said of. Where only one field was
-- mended the other is what the classifier said and the analyst left as it was. What is frozen stays
-- so: a body that has to be erased one day is left out.
WITH said AS (
    SELECT DISTINCT ON (article_id, field) article_id, field, value, text_sha
    FROM label
    WHERE field IN ('topic', 'sentiment') AND article_id IS NOT NULL
    ORDER BY article_id, field, label_id DESC
)
SELECT revision.article_id, revision.rev, revision.lang, revision.title,
       CASE WHEN revision.body_expires_at IS NULL THEN revision.body END AS body,
       coalesce(max(said.value) FILTER (WHERE field = 'topic'), max(score.topic)) AS topic,
       coalesce(max(said.value) FILTER (WHERE field = 'sentiment'), max(score.sentiment))
           AS sentiment
FROM said
JOIN revision ON revision.article_id = said.article_id AND revision.content_sha = said.text_sha
JOIN LATERAL (
    SELECT topic, sentiment FROM score
    WHERE score.article_id = revision.article_id AND score.rev = revision.rev
      AND score.first_seen_at = revision.first_seen_at
    ORDER BY scored_at LIMIT 1
) score ON true
GROUP BY revision.article_id, revision.rev, revision.lang, revision.title, revision.body,
         revision.body_expires_at
ORDER BY revision.article_id, revision.rev

-- name: fresh
-- What was said of articles since lines were last frozen.
SELECT count(*) FROM label
WHERE field IN ('topic', 'sentiment') AND article_id IS NOT NULL
  AND at > coalesce((SELECT max(at) FROM label_snapshot), '-infinity')

-- name: keep_snapshot
INSERT INTO label_snapshot (snapshot_id, labels, path)
VALUES (%(snapshot_id)s, %(labels)s, %(path)s)
ON CONFLICT DO NOTHING

-- name: register
INSERT INTO model (model_id, weights_digest, manifest)
VALUES (%(model_id)s, %(weights_digest)s, %(manifest)s)
ON CONFLICT DO NOTHING

-- name: add_event
INSERT INTO model_event (model_id, what, detail) VALUES (%(model_id)s, %(what)s, %(detail)s)

-- name: promote
INSERT INTO model_alias (alias, model_id) VALUES ('champion', %(model_id)s)
ON CONFLICT (alias) DO UPDATE SET model_id = EXCLUDED.model_id
