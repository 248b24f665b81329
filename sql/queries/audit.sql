-- The chain of what was changed, and whether the tables are as it says.

-- name: entries
SELECT seq, at, program, operation, table_name, key, row::text AS content, digest
FROM audit WHERE seq > %(after)s ORDER BY seq LIMIT %(limit)s

-- name: newest
SELECT seq, at, program, operation, table_name, key, row::text AS content, digest
FROM audit ORDER BY seq DESC LIMIT %(limit)s

-- name: disagreement
-- The first row that is not as its last entry left it. A column that was added later is not compared.
WITH standing AS (
    SELECT 'alert_event' AS table_name, jsonb_build_array(alert_id, seq)::text AS key,
           to_jsonb(alert_event) AS row FROM alert_event
    UNION ALL
    SELECT 'rule', jsonb_build_array(rule_id)::text, to_jsonb(rule) FROM rule
    UNION ALL
    SELECT 'rule_version', jsonb_build_array(rule_id, version)::text, to_jsonb(rule_version)
    FROM rule_version
    UNION ALL
    SELECT 'recipient', jsonb_build_array(name)::text, to_jsonb(recipient) FROM recipient
    UNION ALL
    SELECT 'model_alias', jsonb_build_array(alias)::text, to_jsonb(model_alias) FROM model_alias
    UNION ALL
    SELECT 'model_event', jsonb_build_array(seq)::text, to_jsonb(model_event) FROM model_event
    UNION ALL
    SELECT 'silence', jsonb_build_array(silence_id)::text, to_jsonb(silence) FROM silence
), left_as AS (
    SELECT DISTINCT ON (table_name, key) table_name, key, seq, operation, row
    FROM audit ORDER BY table_name, key, seq DESC
)
SELECT table_name, key, left_as.seq, standing.row IS NOT NULL AS stands,
       coalesce(operation = 'delete', false) AS deleted
FROM standing FULL JOIN left_as USING (table_name, key)
WHERE left_as.seq IS NULL
   OR (standing.row IS NULL) <> (operation = 'delete')
   OR EXISTS (SELECT FROM jsonb_each(left_as.row) AS written (name, value)
              WHERE standing.row -> name IS DISTINCT FROM value AND operation <> 'delete')
ORDER BY left_as.seq NULLS LAST, table_name, key
LIMIT 1
