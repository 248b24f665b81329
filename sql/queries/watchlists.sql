-- Names that somebody watches.

-- name: watchlists
SELECT w.name, w.owner,
       count(e.subject) FILTER (WHERE e.kind = 'issuer') AS issuers,
       count(e.subject) FILTER (WHERE e.kind = 'topic') AS topics,
       count(a.alert_id) AS open_alerts
FROM watchlist w
LEFT JOIN watchlist_entry e ON e.watchlist = w.name
LEFT JOIN alert a ON a.subject_kind = e.kind AND a.subject = e.subject AND a.state <> 'resolved'
GROUP BY w.name, w.owner
ORDER BY w.name

-- name: owner
SELECT owner FROM watchlist WHERE name = %(name)s

-- name: entries
-- Issuers by name, then topics; with the alert that is open on it.
SELECT e.kind, e.subject, coalesce(named.name_en, e.subject) AS name_en,
       coalesce(named.name_zh, e.subject) AS name_zh,
       (SELECT code FROM security WHERE entity_id = named.entity_id ORDER BY position, code LIMIT 1)
           AS code,
       EXISTS (SELECT FROM series
               WHERE series.kind = e.kind AND coalesce(series.entity_id, series.topic) = e.subject)
           AS has_news,
       a.alert_id
FROM watchlist_entry e
LEFT JOIN entity named ON e.kind = 'issuer' AND named.entity_id = e.subject
LEFT JOIN alert a ON a.subject_kind = e.kind AND a.subject = e.subject AND a.state <> 'resolved'
WHERE e.watchlist = %(name)s
ORDER BY e.kind, lower(coalesce(named.name_en, e.subject)), e.subject

-- name: everything
SELECT name AS watchlist, owner, kind, subject
FROM watchlist LEFT JOIN watchlist_entry ON watchlist = name
ORDER BY name, kind, subject

-- name: create
INSERT INTO watchlist (name, owner) VALUES (%(name)s, %(owner)s) ON CONFLICT DO NOTHING

-- name: own
UPDATE watchlist SET owner = %(owner)s WHERE name = %(name)s AND owner <> %(owner)s

-- name: remove
DELETE FROM watchlist WHERE name = %(name)s

-- name: add
INSERT INTO watchlist_entry (watchlist, kind, subject)
SELECT name, %(kind)s, %(subject)s FROM watchlist WHERE name = %(name)s
ON CONFLICT DO NOTHING

-- name: drop
DELETE FROM watchlist_entry
WHERE watchlist = %(name)s AND kind = %(kind)s AND subject = %(subject)s

-- name: keep_only
DELETE FROM watchlist_entry
WHERE watchlist = %(name)s
  AND (kind, subject) NOT IN (SELECT * FROM unnest(%(kinds)s::text[], %(subjects)s::text[]))

-- name: watchers
-- Recipients that are told what a watchlist names.
SELECT name FROM recipient
WHERE body->'subjects' ? %(reference)s
ORDER BY name

-- name: issuers_like
-- Issuers of which an id, name, code or spelling holds the text.
SELECT DISTINCT entity_id, name_en, name_zh
FROM entity LEFT JOIN security USING (entity_id) LEFT JOIN entity_alias USING (entity_id)
WHERE entity.kind = 'issuer'
  AND (entity_id ILIKE %(pattern)s OR name_en ILIKE %(pattern)s OR name_zh ILIKE %(pattern)s
       OR code ILIKE %(pattern)s OR alias ILIKE %(pattern)s)
ORDER BY name_en, entity_id
LIMIT %(limit)s
