-- What each issuer's risk was, hour by hour.
CREATE TABLE risk_score (
    entity_id text NOT NULL REFERENCES entity,
    hour      timestamptz NOT NULL,
    as_of     timestamptz NOT NULL,
    score     real NOT NULL CHECK (score BETWEEN 0 AND 100),
    drivers   jsonb NOT NULL,
    weights   integer NOT NULL,
    PRIMARY KEY (entity_id, hour)
);
CREATE INDEX risk_score_hour ON risk_score (hour);

GRANT SELECT ON risk_score TO tocsin_owner, tocsin_ingest, tocsin_alerts, tocsin_console, tocsin_retention;
GRANT INSERT, UPDATE, DELETE ON risk_score TO tocsin_alerts;
GRANT UPDATE (as_of), DELETE ON risk_score TO tocsin_retention;
