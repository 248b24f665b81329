-- Two alerts whose surges turn out to be one are folded into the earlier.
ALTER TABLE alert DROP CONSTRAINT alert_resolved_reason_check;
ALTER TABLE alert ADD CONSTRAINT alert_resolved_reason_check
    CHECK (resolved_reason IN ('subsided', 'corrected', 'false_alarm', 'closed', 'merged'));
ALTER TABLE alert ADD COLUMN merged_into uuid REFERENCES alert;
ALTER TABLE alert ADD CONSTRAINT alert_merged_into_check
    CHECK ((resolved_reason = 'merged') IS TRUE = (merged_into IS NOT NULL));
