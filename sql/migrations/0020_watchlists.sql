-- Names that somebody watches: issuers and topics. What is watched is confidential, news is not.
CREATE TABLE watchlist (
    name       text PRIMARY KEY,
    owner      text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE watchlist_entry (
    watchlist text NOT NULL REFERENCES watchlist ON DELETE CASCADE,
    kind      text NOT NULL CHECK (kind IN ('issuer', 'topic')),
    subject   text NOT NULL,
    added_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (watchlist, kind, subject)
);

GRANT SELECT ON watchlist, watchlist_entry TO tocsin_owner, tocsin_alerts, tocsin_console;
GRANT INSERT, UPDATE, DELETE ON watchlist, watchlist_entry TO tocsin_console;
