-- An acknowledgement may end: at a time, or when the alert gets worse. Then it fires again.
ALTER TABLE alert
    ADD COLUMN acknowledged_until timestamptz,
    ADD COLUMN worse_from integer,
    ADD COLUMN worse_than text CHECK (worse_than IN ('info', 'low', 'high', 'critical')),
    ADD CONSTRAINT alert_worse_check CHECK ((worse_from IS NULL) = (worse_than IS NULL));

ALTER TABLE alert_event DROP CONSTRAINT alert_event_what_check;
ALTER TABLE alert_event ADD CONSTRAINT alert_event_what_check
    CHECK (what IN ('opened', 'raised', 'updated', 'acknowledged', 'reopened', 'false_alarm',
                    'resolved', 'undone', 'silenced', 'lapsed'));

ALTER TABLE delivery DROP CONSTRAINT delivery_kind_check;
ALTER TABLE delivery ADD CONSTRAINT delivery_kind_check
    CHECK (kind IN ('opened', 'raised', 'reopened', 'lapsed', 'resolved', 'escalated', 'digest',
                    'test', 'unwatched', 'watched', 'canary', 'late'));
