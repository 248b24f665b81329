-- While it is in force nobody is told of the alerts it matches; they are raised and shown all the same.
CREATE TABLE silence (
    silence_id   uuid PRIMARY KEY,
    subject_kind text,                          -- of the alerts; NULL: any
    subjects     text[] NOT NULL DEFAULT '{}',  -- entity ids or topics; none: all
    topics       text[] NOT NULL DEFAULT '{}',  -- topics of the alerts; none: all
    severities   text[] NOT NULL DEFAULT '{}'   -- none: all
                 CHECK (severities <@ ARRAY['info', 'low', 'high', 'critical']),
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    comment      text NOT NULL CHECK (btrim(comment) <> ''),
    made_by      text NOT NULL,
    ended_at     timestamptz,                   -- ended before its time
    ended_by     text,
    CHECK (starts_at < ends_at),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CHECK (cardinality(subjects) + cardinality(topics) + cardinality(severities) > 0)
);
CREATE INDEX silence_ends ON silence (ends_at);

-- The silences that are over such an alert at that time.
CREATE FUNCTION silences_over(kind text, name text, about text, level text, moment timestamptz)
RETURNS SETOF silence LANGUAGE sql STABLE AS $$
    SELECT * FROM silence
    WHERE starts_at <= moment AND moment < coalesce(ended_at, ends_at) AND moment < ends_at
      AND coalesce(subject_kind, kind) = kind
      AND (subjects = '{}' OR name = ANY (subjects))
      AND (topics = '{}' OR about = ANY (topics))
      AND (severities = '{}' OR level = ANY (severities))
$$;

CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON silence
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('silence_id');

-- What a run decided not to raise or not to tell, and why: one row an episode and reason.
CREATE TABLE suppression (
    suppression_id uuid PRIMARY KEY,         -- uuid5 of what it is of
    reason         text NOT NULL CHECK (reason IN ('silenced')),
    subject_kind   text NOT NULL,
    subject        text NOT NULL,
    alert_id       uuid,                     -- the alert that was not told
    first_at       timestamptz NOT NULL,     -- when it was first and last so
    last_at        timestamptz NOT NULL,
    lifted_at      timestamptz,              -- told after all
    detail         jsonb NOT NULL
);
CREATE INDEX suppression_subject ON suppression (subject_kind, subject, last_at);

ALTER TABLE alert_event DROP CONSTRAINT alert_event_what_check;
ALTER TABLE alert_event ADD CONSTRAINT alert_event_what_check
    CHECK (what IN ('opened', 'raised', 'updated', 'acknowledged', 'reopened', 'false_alarm',
                    'resolved', 'undone', 'silenced'));

GRANT SELECT ON silence, suppression TO tocsin_owner, tocsin_alerts, tocsin_console;
GRANT INSERT, UPDATE ON silence TO tocsin_console;
GRANT INSERT, UPDATE ON suppression TO tocsin_alerts;
