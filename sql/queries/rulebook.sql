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

-- name: feedback
-- An alert that was merged into another is judged there.
SELECT rule_version AS version, severity, count(*) AS alerts,
       count(*) FILTER (WHERE owner IS NOT NULL
                        AND resolved_reason IS DISTINCT FROM 'false_alarm') AS useful,
       count(*) FILTER (WHERE resolved_reason = 'false_alarm') AS false_alarms
FROM alert
WHERE rule_id = %(rule_id)s AND merged_into IS NULL
GROUP BY rule_version, severity
ORDER BY rule_version DESC, array_position(ARRAY['critical', 'high', 'low', 'info'], severity)
