-- Who is told of alerts, and what they were told: rows are written by the run that found the alerts,
-- in its own transaction, and sent by a step after it.
CREATE TABLE recipient (
    name       text PRIMARY KEY,
    body       jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE delivery (
    delivery_id    uuid PRIMARY KEY,
    recipient      text NOT NULL,
    channel        text NOT NULL,
    group_key      text NOT NULL,
    interval_start timestamptz NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('opened', 'raised', 'reopened', 'resolved',
                                                 'escalated', 'digest', 'test')),
    due_at         timestamptz NOT NULL,
    state          text NOT NULL DEFAULT 'waiting'
                   CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
    attempts       integer NOT NULL DEFAULT 0,
    attempted_at   timestamptz,
    retry_at       timestamptz,
    sent_at        timestamptz,
    failed_at      timestamptz,
    error          text,
    UNIQUE (channel, recipient, group_key, interval_start, kind),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CHECK ((error IS NULL) = (failed_at IS NULL))
);
CREATE INDEX delivery_waiting ON delivery (due_at) WHERE state = 'waiting';
CREATE INDEX delivery_attempted ON delivery (recipient, attempted_at);

CREATE TABLE delivery_alert (
    delivery_id uuid NOT NULL REFERENCES delivery,
    alert_id    uuid NOT NULL,
    seq         integer NOT NULL,
    severity    text NOT NULL CHECK (severity IN ('low', 'high', 'critical')),
    PRIMARY KEY (delivery_id, alert_id),
    FOREIGN KEY (alert_id, seq) REFERENCES alert_event
);
CREATE INDEX delivery_alert_alert ON delivery_alert (alert_id);

GRANT SELECT ON recipient, delivery, delivery_alert TO tocsin_owner, tocsin_alerts, tocsin_console;
GRANT INSERT, UPDATE ON delivery, delivery_alert TO tocsin_alerts;
GRANT INSERT, UPDATE, DELETE ON recipient TO tocsin_console;
