-- What the conditions beside surges are judged by.

-- name: headlines
-- Each publisher's own headline of these stories, as it is now.
SELECT signal.story_id, signal.occurred_at AS began_at, article.occurred_at AS at,
       signal.p_negative, left(revision.title, 300) AS title, revision.lang,
       left(publisher.name, 100) AS publisher, publisher.tier
FROM story_signal signal
JOIN article USING (story_id)
JOIN publisher USING (publisher_id)
JOIN revision ON revision.article_id = article.article_id
     AND revision.first_seen_at = article.first_seen_at AND revision.rev = article.current_rev
WHERE signal.series_id = %(series_id)s AND signal.story_id = ANY(%(stories)s::uuid[])
  AND article.occurred_at < %(until)s
ORDER BY article.occurred_at, article.article_id
