-- What came near an alert, what another alert carries, and what was found too late are kept as well.
ALTER TABLE suppression DROP CONSTRAINT suppression_reason_check;
ALTER TABLE suppression ADD CONSTRAINT suppression_reason_check
    CHECK (reason IN ('silenced', 'historical', 'inhibited', 'too_few_stories',
                      'too_few_publishers', 'usual'));
CREATE INDEX suppression_last ON suppression (last_at);

GRANT SELECT, DELETE ON suppression TO tocsin_retention;
-- To lock a row before it is deleted.
GRANT UPDATE (lifted_at) ON suppression TO tocsin_retention;
