-- The versions of a rule: added, never changed; the newest one is in force.

-- name: in_force
SELECT version, at, actor, comment, body FROM rule JOIN rule_version USING (rule_id, version)
WHERE rule_id = %(rule_id)s

-- name: history
SELECT version, at, actor, comment, body FROM rule_version
WHERE rule_id = %(rule_id)s ORDER BY version DESC

-- name: put
-- Nothing comes back where another version took its place meanwhile.
INSERT INTO rule_version (rule_id, version, body, actor, comment)
SELECT rule_id, version + 1, %(body)s, %(actor)s, %(comment)s
FROM rule WHERE rule_id = %(rule_id)s AND version = %(based_on)s
ON CONFLICT DO NOTHING
RETURNING version
