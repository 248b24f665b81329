-- What has come to its end is found by an index and erased by a role that may do nothing else.
CREATE INDEX revision_expiring ON revision (body_expires_at) WHERE body IS NOT NULL;

-- By the clock, where expires_at goes by the news: a dump of old news needs its keys while it plays.
ALTER TABLE story_key ADD COLUMN used_on date NOT NULL DEFAULT current_date;
CREATE INDEX story_key_used ON story_key (used_on);

DO $$
BEGIN
    CREATE ROLE tocsin_retention NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

GRANT SELECT ON revision, score, alert_evidence, dead_letter, story_key TO tocsin_retention;
GRANT UPDATE (body) ON revision TO tocsin_retention;
GRANT UPDATE (sentence, sentence_probs) ON score TO tocsin_retention;
GRANT UPDATE (sentence, sentence_p) ON alert_evidence TO tocsin_retention;
GRANT UPDATE (raw, headers, state) ON dead_letter TO tocsin_retention;
-- To lock a row before it is deleted.
GRANT UPDATE (used_on) ON story_key TO tocsin_retention;
GRANT DELETE ON story_key TO tocsin_retention;
