-- Every change to these tables becomes an entry of one chain, in which each digest covers the one before.
-- What is there already is its beginning.
CREATE TABLE audit (
    seq        bigint PRIMARY KEY,           -- without a gap
    at         timestamptz NOT NULL,         -- by the server's clock, as it was chained
    program    text NOT NULL,                -- the role, or the user that took none on
    operation  text NOT NULL CHECK (operation IN ('insert', 'update', 'delete')),
    table_name text NOT NULL,
    key        text NOT NULL,                -- the row's primary key, in a JSON array
    row        jsonb NOT NULL,               -- as it was written; of a deleted one, as it was
    digest     bytea NOT NULL                -- sha256 of the digest before and of this entry
);

-- Runs as its owner: nobody else writes the chain. It runs when a transaction commits, with every row
-- locked that it wants: who waits for the chain's lock then waits for commits only, and no two wait
-- for each other.
CREATE FUNCTION audit_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    -- Called with the names of the primary key's columns.
    content jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    entry audit%ROWTYPE;
    last audit%ROWTYPE;
BEGIN
    PERFORM pg_advisory_xact_lock(7240118);
    SELECT * INTO last FROM audit ORDER BY seq DESC LIMIT 1;
    entry.seq := coalesce(last.seq, 0) + 1;
    entry.at := clock_timestamp();
    entry.program := coalesce(nullif(current_setting('role'), 'none'), session_user);
    entry.operation := lower(TG_OP);
    entry.table_name := TG_TABLE_NAME;
    SELECT jsonb_agg(content -> name ORDER BY place)::text INTO entry.key
    FROM unnest(TG_ARGV) WITH ORDINALITY AS part (name, place);
    entry.row := content;
    entry.digest := sha256(coalesce(last.digest, '') || convert_to(concat_ws(E'\n',
        entry.seq, to_char(entry.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), entry.program,
        entry.operation, entry.table_name, entry.key, entry.row::text), 'UTF8'));
    INSERT INTO audit VALUES (entry.*);
    RETURN NULL;
END $$;
-- Or a temporary table with this trigger could write what never happened.
REVOKE EXECUTE ON FUNCTION audit_change() FROM PUBLIC;

CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON alert_event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('alert_id', 'seq');
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON rule
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('rule_id');
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON rule_version
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('rule_id', 'version');
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON recipient
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('name');
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON model_alias
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('alias');
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON model_event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('seq');

UPDATE alert_event SET seq = seq;
UPDATE rule SET version = version;
UPDATE rule_version SET version = version;
UPDATE recipient SET name = name;
UPDATE model_alias SET alias = alias;
UPDATE model_event SET what = what;
-- No later migration could alter a table whose changes wait for their entries.
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;

GRANT SELECT ON audit TO tocsin_owner, tocsin_alerts, tocsin_console;
