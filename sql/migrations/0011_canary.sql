-- The canary: an article of our own by which the way from the crawl to the alert is tried. It is no
-- article, story or record in any count; its rows are here.
CREATE TABLE canary (
    article_id uuid PRIMARY KEY,
    fetched_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    scored_at  timestamptz NOT NULL DEFAULT now(),
    model_id   text NOT NULL,
    p_negative real NOT NULL,
    judged_at  timestamptz
);
CREATE INDEX canary_fetched ON canary (fetched_at);

-- `late` tells at once what was missed while nobody looked, or no source was heard.
ALTER TABLE delivery DROP CONSTRAINT delivery_kind_check,
    ADD CONSTRAINT delivery_kind_check CHECK (kind IN ('opened', 'raised', 'reopened', 'resolved',
                                                       'escalated', 'digest', 'test', 'unwatched',
                                                       'watched', 'canary', 'late'));

-- When the crawler had it, so that what passes until an alert can be read off the rows.
ALTER TABLE revision ADD COLUMN fetched_at timestamptz;

GRANT SELECT ON canary TO tocsin_owner, tocsin_ingest, tocsin_alerts, tocsin_console;
GRANT INSERT, DELETE ON canary TO tocsin_ingest;
GRANT UPDATE (judged_at) ON canary TO tocsin_alerts;
