-- A rule says when many days that are a little worse than usual are enough.
WITH next AS (
    INSERT INTO rule_version (rule_id, version, body)
    SELECT rule_id, version + 1,
           body || '{"slow_burn": {"enabled": true, "days": 10, "reference_days": 14,
                                   "allowance": 0.75, "decision": 6.5, "cap": 2.0, "clear": 0.5,
                                   "min_stories": 8, "min_publishers": 2, "severity": "low"}}'::jsonb
    FROM rule JOIN rule_version USING (rule_id, version)
    WHERE rule_id = 'surge'
    RETURNING rule_id, version
)
UPDATE rule SET version = next.version FROM next WHERE rule.rule_id = next.rule_id;
