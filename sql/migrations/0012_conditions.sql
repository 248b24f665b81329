-- A rule says when one story is enough, and an alert which condition its figures are of. Hours are
-- told apart better now: what was shipped for a topic within an issuer may be less strict.
WITH next AS (
    INSERT INTO rule_version (rule_id, version, body)
    SELECT rule_id, version + 1,
           body || '{"severe": {"topics": ["credit_debt", "fraud_misconduct", "legal_regulation",
                                          "listing_financing", "management"],
                                "p_negative": 0.8, "tiers": ["filing", "wire", "paper"],
                                "triggers": ["default", "insolvency", "fraud", "probe",
                                             "suspension"],
                                "severity": "high"}}'::jsonb
           || CASE WHEN (body->>'alpha_within')::numeric = 1e-4
              THEN '{"alpha_within": 3e-4}'::jsonb ELSE '{}' END
    FROM rule JOIN rule_version USING (rule_id, version)
    WHERE rule_id = 'surge'
    RETURNING rule_id, version
)
UPDATE rule SET version = next.version FROM next WHERE rule.rule_id = next.rule_id;

ALTER TABLE alert ADD COLUMN condition text NOT NULL DEFAULT 'surge';
ALTER TABLE alert_series
    ADD COLUMN condition text NOT NULL DEFAULT 'surge',
    ADD COLUMN detail jsonb NOT NULL DEFAULT '{}',
    DROP CONSTRAINT alert_series_pkey,
    ADD PRIMARY KEY (alert_id, series_id, condition, window_minutes);
