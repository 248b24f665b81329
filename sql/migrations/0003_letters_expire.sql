-- A dead letter lets go of its message when it is sent again, or when its time has come.
ALTER TABLE dead_letter ALTER COLUMN raw DROP NOT NULL;
ALTER TABLE dead_letter ADD COLUMN raw_expires_at timestamptz;
-- What its rights allowed was not written down: the shortest life holds.
UPDATE dead_letter SET raw_expires_at = seen_at + interval '7 days';
ALTER TABLE dead_letter ALTER COLUMN raw_expires_at SET NOT NULL;
UPDATE dead_letter SET raw = NULL, headers = '[]' WHERE state = 'replayed';
ALTER TABLE dead_letter DROP CONSTRAINT dead_letter_state_check;
ALTER TABLE dead_letter ADD CONSTRAINT dead_letter_state_check
    CHECK (state IN ('open', 'replayed', 'expired'));
ALTER TABLE dead_letter ADD CONSTRAINT dead_letter_raw_check
    CHECK ((state = 'open') = (raw IS NOT NULL));
CREATE INDEX dead_letter_open ON dead_letter (raw_expires_at) WHERE state = 'open';
