-- When nobody looked for alerts. The operator is told of it by whoever notices, once.
CREATE TABLE outage (
    since timestamptz PRIMARY KEY,
    until timestamptz,
    CHECK (until > since)
);
CREATE UNIQUE INDEX outage_one_open ON outage ((true)) WHERE until IS NULL;

-- What came of telling a dead-man's switch outside that an alerts run came to its end: one row.
CREATE TABLE ping (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    asked_at    timestamptz NOT NULL,
    answered_at timestamptz,
    error       text
);

ALTER TABLE delivery DROP CONSTRAINT delivery_kind_check,
    ADD CONSTRAINT delivery_kind_check CHECK (kind IN ('opened', 'raised', 'reopened', 'resolved',
                                                       'escalated', 'digest', 'test', 'unwatched',
                                                       'watched'));

DO $$
BEGIN
    CREATE ROLE tocsin_watch NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

GRANT SELECT ON outage, ping TO tocsin_owner, tocsin_ingest, tocsin_alerts, tocsin_console;
GRANT INSERT, UPDATE ON outage, ping TO tocsin_alerts;
GRANT SELECT ON heartbeat, outage, recipient, delivery TO tocsin_watch;
GRANT INSERT ON outage TO tocsin_watch;
GRANT INSERT, UPDATE ON delivery TO tocsin_watch;
