-- How articles become stories and stories become what is counted; all in the batch transaction.

-- name: take_keys
-- In sorted order, so that two writers of one story wait for each other instead of deadlocking.
-- A key whose 72 hours ended before the newcomer appeared goes to the newcomer. Each key is taken
-- for a story by its place among the given; what somebody else holds comes back.
WITH taken AS (
    INSERT INTO story_key AS held (lang, band_hash, story_id, expires_at)
    SELECT lang, band_hash, (%(story_ids)s::uuid[])[taker],
           (%(expire_ats)s::timestamptz[])[taker]
    FROM unnest(%(langs)s::text[], %(bands)s::bigint[], %(takers)s::integer[])
         AS wanted (lang, band_hash, taker)
    ORDER BY 1, 2
    ON CONFLICT (lang, band_hash) DO UPDATE
    SET story_id = CASE WHEN held.expires_at < excluded.expires_at - %(reach)s::interval
                        THEN excluded.story_id ELSE held.story_id END,
        expires_at = greatest(held.expires_at, excluded.expires_at),
        used_on = current_date
    RETURNING lang, band_hash, story_id
)
SELECT * FROM taken WHERE story_id <> ALL (%(story_ids)s::uuid[])

-- name: candidates
-- Follows merges to the story that stands, and locks it: one writer at a time adds to a story.
-- What resembles a story that was merged away belongs to the one it went to.
WITH RECURSIVE chain AS (
    SELECT story_id AS asked, signature, story_id, merged_into
    FROM story WHERE story_id = ANY (%(story_ids)s::uuid[])
    UNION ALL
    SELECT chain.asked, chain.signature, story.story_id, story.merged_into
    FROM chain JOIN story ON story.story_id = chain.merged_into
)
SELECT chain.asked, chain.signature, s.story_id, s.first_at, s.last_at, s.merged_into
FROM chain JOIN story s ON s.story_id = chain.story_id
WHERE chain.merged_into IS NULL
ORDER BY s.story_id
FOR UPDATE OF s

-- name: put_stories
WITH put AS (
    INSERT INTO story (story_id, lang, title, first_at, last_at, representative, signature, vector,
                       kind, rare)
    SELECT id, lang, title, first_at, last_at, id, signature, vector, kind, rare::integer[]
    FROM unnest(%(story_ids)s::uuid[], %(langs)s::text[], %(titles)s::text[],
                %(first_ats)s::timestamptz[], %(last_ats)s::timestamptz[], %(signatures)s::bytea[],
                %(vectors)s::halfvec[], %(kinds)s::text[], %(rares)s::text[])
         AS new (id, lang, title, first_at, last_at, signature, vector, kind, rare)
    RETURNING story_id, vector
)
INSERT INTO uncompared (story_id) SELECT story_id FROM put WHERE vector IS NOT NULL

-- name: stretch_stories
UPDATE story SET first_at = least(story.first_at, joined.first_at),
                 last_at = greatest(story.last_at, joined.last_at)
FROM unnest(%(story_ids)s::uuid[], %(first_ats)s::timestamptz[], %(last_ats)s::timestamptz[])
     AS joined (story_id, first_at, last_at)
WHERE story.story_id = joined.story_id

-- name: hand_over_keys
-- What was taken for an article that joined a story goes to that story.
UPDATE story_key SET story_id = moved.winner
FROM unnest(%(langs)s::text[], %(bands)s::bigint[], %(losers)s::uuid[], %(winners)s::uuid[])
     AS moved (lang, band_hash, loser, winner)
WHERE story_key.lang = moved.lang AND story_key.band_hash = moved.band_hash
  AND story_key.story_id = moved.loser

-- name: merge_stories
WITH moved AS (
    SELECT * FROM unnest(%(losers)s::uuid[], %(winners)s::uuid[]) AS moved (loser, winner)
), marked AS (
    UPDATE story SET merged_into = moved.winner FROM moved WHERE story.story_id = moved.loser
), stretched AS (
    UPDATE story SET first_at = least(story.first_at, span.first_at),
                     last_at = greatest(story.last_at, span.last_at)
    FROM (SELECT moved.winner, min(first_at) AS first_at, max(last_at) AS last_at
          FROM moved JOIN story ON story.story_id = moved.loser GROUP BY moved.winner) AS span
    WHERE story.story_id = span.winner
)
UPDATE article SET story_id = moved.winner FROM moved WHERE article.story_id = moved.loser

-- name: hand_over_signals
-- An issuer that only a later report names is news of the story all the same.
UPDATE story_signal SET story_id = moved.winner
FROM (
    SELECT DISTINCT ON (winner, series_id) loser, winner, series_id
    FROM unnest(%(losers)s::uuid[], %(winners)s::uuid[]) AS moved (loser, winner)
    JOIN story_signal ON story_signal.story_id = moved.loser
    JOIN series USING (series_id)
    WHERE series.kind = 'issuer'
      AND NOT EXISTS (SELECT FROM story_signal known WHERE known.story_id = moved.winner
                      AND known.series_id = story_signal.series_id)
    ORDER BY winner, series_id, occurred_at, loser
) AS moved
WHERE story_signal.story_id = moved.loser AND story_signal.series_id = moved.series_id

-- name: drop_signals
WITH gone AS (
    DELETE FROM story_signal WHERE story_id = ANY (%(story_ids)s::uuid[])
    RETURNING series_id, occurred_at
)
INSERT INTO bucket_change (series_id, start)
SELECT DISTINCT series_id, date_bin('5 minutes', occurred_at, 'epoch') FROM gone

-- name: representatives
-- Which of these articles speak for their story; by the keys of both tables, never over all stories.
SELECT story.representative, story.story_id
FROM article JOIN story ON story.story_id = article.story_id
WHERE article.article_id = ANY (%(article_ids)s::uuid[])
  AND story.representative = article.article_id AND story.merged_into IS NULL

-- name: retell_stories
UPDATE story SET title = told.title, kind = told.kind
FROM unnest(%(story_ids)s::uuid[], %(titles)s::text[], %(kinds)s::text[])
     AS told (story_id, title, kind)
WHERE story.story_id = told.story_id

-- name: put_series
INSERT INTO series (kind, topic, entity_id)
SELECT DISTINCT kind, topic, entity_id
FROM unnest(%(kinds)s::text[], %(topics)s::text[], %(entity_ids)s::text[])
     AS wanted (kind, topic, entity_id)
WHERE NOT EXISTS (
    SELECT 1 FROM series s
    WHERE s.kind = wanted.kind AND coalesce(s.topic, '') = coalesce(wanted.topic, '')
      AND coalesce(s.entity_id, '') = coalesce(wanted.entity_id, ''))
ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING

-- name: put_signals
INSERT INTO story_signal (story_id, series_id, occurred_at, p_negative, p_positive, relevance, origin)
SELECT new.story_id, s.series_id, new.occurred_at, new.p_negative, new.p_positive, new.relevance,
       new.origin
FROM unnest(%(story_ids)s::uuid[], %(kinds)s::text[], %(topics)s::text[], %(entity_ids)s::text[],
            %(occurred_ats)s::timestamptz[], %(p_negatives)s::real[], %(p_positives)s::real[],
            %(relevances)s::real[], %(origins)s::text[])
     AS new (story_id, kind, topic, entity_id, occurred_at, p_negative, p_positive, relevance, origin)
JOIN series s ON s.kind = new.kind AND coalesce(s.topic, '') = coalesce(new.topic, '')
             AND coalesce(s.entity_id, '') = coalesce(new.entity_id, '')

-- name: recount_copies
-- From the articles that are there, never by adding one: it can be done twice.
UPDATE story_signal SET copies = counted.copies, publishers = counted.publishers
FROM (
    SELECT a.story_id, count(*) - 1 AS copies, count(DISTINCT p.owner) AS publishers
    FROM article a JOIN publisher p USING (publisher_id)
    WHERE a.story_id = ANY (%(story_ids)s::uuid[])
    GROUP BY a.story_id
) AS counted
WHERE story_signal.story_id = counted.story_id

-- name: mark_changed
INSERT INTO bucket_change (series_id, start)
SELECT DISTINCT series_id, date_bin('5 minutes', occurred_at, 'epoch')
FROM story_signal WHERE story_id = ANY (%(story_ids)s::uuid[])
