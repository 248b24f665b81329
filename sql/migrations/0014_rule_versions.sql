-- Who made a version of a rule, and why. The newest one is in force: whoever may add a version needs
-- no right to change any.
ALTER TABLE rule_version
    ADD COLUMN actor text NOT NULL DEFAULT 'tocsin',
    ADD COLUMN comment text NOT NULL DEFAULT '';

CREATE FUNCTION put_in_force() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE rule SET version = NEW.version WHERE rule_id = NEW.rule_id AND version < NEW.version;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION put_in_force() FROM PUBLIC;
CREATE TRIGGER in_force AFTER INSERT ON rule_version
    FOR EACH ROW EXECUTE FUNCTION put_in_force();

REVOKE UPDATE ON rule, rule_version FROM tocsin_alerts;
GRANT INSERT ON rule_version TO tocsin_console;

-- Info is shown, and told only to those who ask for it.
ALTER TABLE alert DROP CONSTRAINT alert_severity_check,
    ADD CONSTRAINT alert_severity_check CHECK (severity IN ('info', 'low', 'high', 'critical'));
ALTER TABLE delivery_alert DROP CONSTRAINT delivery_alert_severity_check,
    ADD CONSTRAINT delivery_alert_severity_check
        CHECK (severity IN ('info', 'low', 'high', 'critical'));
