-- The readable truth of the database. Migrations must end here; a test holds them to it.
-- Times are timestamptz in UTC. Tables marked [P] are partitioned by month of the article's
-- immutable first_seen_at, which is therefore part of their keys.

CREATE EXTENSION IF NOT EXISTS vector;

-- ---------------------------------------------------------------- news

CREATE TABLE publisher (
    publisher_id text PRIMARY KEY,
    name         text NOT NULL,
    owner        text NOT NULL,  -- titles of one owner count once
    tier         text NOT NULL CHECK (tier IN ('filing', 'wire', 'paper', 'portal', 'self-media'))
);

CREATE TABLE story (
    story_id       uuid PRIMARY KEY,         -- the first article's id
    lang           text NOT NULL,
    title          text NOT NULL,
    first_at       timestamptz NOT NULL,
    last_at        timestamptz NOT NULL,
    representative uuid NOT NULL,            -- the article whose scores speak for the story
    signature      bytea NOT NULL,           -- MinHash, 128 little-endian uint32
    vector         halfvec(384),
    merged_into    uuid REFERENCES story,
    kind           text NOT NULL DEFAULT 'report' CHECK (kind IN ('report', 'denial', 'correction')),
    rare           integer[]                 -- numbers of its rare words; NULL: it has no vector
);

-- Queue: stories that were not compared with the others yet, to find reports of one event.
CREATE TABLE uncompared (
    story_id uuid PRIMARY KEY REFERENCES story
);

-- One row a near-duplicate key (LSH band). Inserted in sorted order, a second writer of the same
-- story waits here for the first and then sees it.
CREATE TABLE story_key (
    lang       text NOT NULL,
    band_hash  bigint NOT NULL,
    story_id   uuid NOT NULL,
    expires_at timestamptz NOT NULL,         -- by the time of the news
    used_on    date NOT NULL DEFAULT current_date,  -- by the clock: when an article last had it
    PRIMARY KEY (lang, band_hash)
);
CREATE INDEX story_key_used ON story_key (used_on);

CREATE TABLE article (
    article_id    uuid PRIMARY KEY,          -- first 16 bytes of sha256 of the canonical address
    source_id     text NOT NULL,
    publisher_id  text NOT NULL REFERENCES publisher,
    url           text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('news', 'research', 'comment')),
    first_seen_at timestamptz NOT NULL,
    occurred_at   timestamptz NOT NULL,
    origin        text NOT NULL CHECK (origin IN ('live', 'backfill', 'replay')),
    story_id      uuid REFERENCES story,     -- NULL: unscored
    current_rev   integer NOT NULL CHECK (current_rev > 0)
);
CREATE INDEX article_story ON article (story_id);
CREATE INDEX article_occurred ON article (occurred_at);
CREATE INDEX article_seen ON article (first_seen_at);

CREATE TABLE revision (  -- [P]
    article_id      uuid NOT NULL,
    rev             integer NOT NULL,
    first_seen_at   timestamptz NOT NULL,
    content_sha     bytea NOT NULL,
    title           text NOT NULL,
    body            text,                    -- as far as rights allow
    body_expires_at timestamptz,             -- then the body is erased
    lang            text NOT NULL,
    published_at    timestamptz,
    fetched_at      timestamptz,             -- by the crawler; NULL: before that was kept
    seen_at         timestamptz NOT NULL,    -- Kafka's LogAppendTime
    topic_id        uuid NOT NULL,
    partition       integer NOT NULL,
    kafka_offset    bigint NOT NULL,
    PRIMARY KEY (article_id, rev, first_seen_at)
) PARTITION BY RANGE (first_seen_at);
CREATE INDEX revision_expiring ON revision (body_expires_at) WHERE body IS NOT NULL;

CREATE TABLE score (  -- [P]
    article_id       uuid NOT NULL,
    rev              integer NOT NULL,
    model_id         text NOT NULL,
    first_seen_at    timestamptz NOT NULL,
    topic            text NOT NULL,
    topic_probs      real[] NOT NULL,
    sentiment        text NOT NULL CHECK (sentiment IN ('negative', 'neutral', 'positive')),
    sentiment_probs  real[] NOT NULL,        -- negative, neutral, positive
    sentence         text,                   -- that carries the sentiment; goes with the body
    sentence_probs   real[],                 -- its sentiment probabilities
    scored_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (article_id, rev, model_id, first_seen_at)
) PARTITION BY RANGE (first_seen_at);

CREATE TABLE entity (
    entity_id text PRIMARY KEY,
    kind      text NOT NULL CHECK (kind IN ('issuer', 'institution')),
    name_en   text NOT NULL,
    name_zh   text NOT NULL,
    sector    text,
    parent    text REFERENCES entity         -- the issuer it belongs to
);

CREATE TABLE security (
    code       text PRIMARY KEY,             -- 600519.SH, 00700.HK, AAPL.US or an ISIN
    entity_id  text NOT NULL REFERENCES entity,
    position   smallint NOT NULL DEFAULT 0,  -- 0: the issuer's main one
    valid_from date,
    valid_to   date
);

CREATE TABLE entity_alias (
    entity_id text NOT NULL REFERENCES entity,
    lang      text NOT NULL,
    alias     text NOT NULL,
    PRIMARY KEY (lang, alias, entity_id)
);

CREATE TABLE mention (  -- [P]
    article_id      uuid NOT NULL,
    rev             integer NOT NULL,
    model_id        text NOT NULL,
    entity_id       text NOT NULL,
    first_seen_at   timestamptz NOT NULL,
    relevance       real NOT NULL CHECK (relevance BETWEEN 0 AND 1),
    spans           jsonb NOT NULL,          -- [[start, end], …] in the title and body as scored
    sentiment_probs real[] NOT NULL,
    PRIMARY KEY (article_id, rev, model_id, entity_id, first_seen_at)
) PARTITION BY RANGE (first_seen_at);

CREATE TABLE revision_default PARTITION OF revision DEFAULT;
CREATE TABLE score_default PARTITION OF score DEFAULT;
CREATE TABLE mention_default PARTITION OF mention DEFAULT;

-- ---------------------------------------------------------------- what is counted

CREATE TABLE series (
    series_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      text NOT NULL CHECK (kind IN ('topic', 'issuer', 'issuer_topic')),
    topic     text,
    entity_id text REFERENCES entity,
    UNIQUE NULLS NOT DISTINCT (kind, topic, entity_id)
);

-- The fact that is counted: one row a story and series, however often the story is reprinted.
CREATE TABLE story_signal (
    story_id    uuid NOT NULL REFERENCES story,
    series_id   bigint NOT NULL REFERENCES series,
    occurred_at timestamptz NOT NULL,
    p_negative  real NOT NULL,
    p_positive  real NOT NULL,
    relevance   real NOT NULL,
    copies      integer NOT NULL DEFAULT 0,  -- articles beyond the first
    publishers  integer NOT NULL DEFAULT 1,  -- distinct owners
    origin      text NOT NULL CHECK (origin IN ('live', 'backfill', 'replay')),
    PRIMARY KEY (story_id, series_id)
);
CREATE INDEX story_signal_series ON story_signal (series_id, occurred_at);

CREATE TABLE bucket (
    series_id bigint NOT NULL REFERENCES series,
    start     timestamptz NOT NULL,          -- five minutes from here
    n         integer NOT NULL,              -- distinct stories
    negative  integer NOT NULL,
    positive  integer NOT NULL,
    PRIMARY KEY (series_id, start)
);

-- Append-only queue: what an alerts run must recompute.
CREATE TABLE bucket_change (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    series_id bigint NOT NULL REFERENCES series,
    start     timestamptz NOT NULL
);

-- ---------------------------------------------------------------- the way from Kafka

CREATE TABLE kafka_offset (
    cluster_id  text NOT NULL,
    topic_id    uuid NOT NULL,
    partition   integer NOT NULL,
    topic       text NOT NULL,
    next_offset bigint NOT NULL,
    epoch       bigint NOT NULL DEFAULT 0,   -- raised by every claim; fences the owner before
    owner       text,
    attempts    integer NOT NULL DEFAULT 0,  -- raised before a batch, cleared by its commit
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (cluster_id, topic_id, partition)
);

-- A part of the log that could not be read: a recreated topic or an offset out of range.
CREATE TABLE kafka_gap (
    cluster_id   text NOT NULL,
    topic        text NOT NULL,
    topic_id     uuid NOT NULL,
    partition    integer NOT NULL,
    from_offset  bigint NOT NULL,
    cause        text NOT NULL,
    found_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, partition, from_offset, cause)
);

CREATE TABLE ingest_batch (
    topic_id     uuid NOT NULL,
    partition    integer NOT NULL,
    first_offset bigint NOT NULL,
    next_offset  bigint NOT NULL,
    records      integer NOT NULL,
    scored       integer NOT NULL DEFAULT 0,
    copy         integer NOT NULL DEFAULT 0,
    unchanged    integer NOT NULL DEFAULT 0,
    unscored     integer NOT NULL DEFAULT 0,
    dead         integer NOT NULL DEFAULT 0,
    owner        text NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, partition, first_offset),
    CHECK (records = scored + copy + unchanged + unscored + dead)
);

CREATE TABLE dead_letter (
    topic_id    uuid NOT NULL,
    partition   integer NOT NULL,
    kafka_offset bigint NOT NULL,
    topic       text NOT NULL,
    raw         bytea,                       -- the message, cut at 2 MiB, while it is open
    raw_expires_at timestamptz NOT NULL,     -- then it is erased
    headers     jsonb NOT NULL DEFAULT '[]',
    stage       text NOT NULL,               -- fetch, extract, validate, publish, decode, score
    cause       text NOT NULL,
    source_id   text,
    url         text,
    seen_at     timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'replayed', 'expired')),
    replayed_at timestamptz,
    PRIMARY KEY (topic_id, partition, kafka_offset),
    CONSTRAINT dead_letter_raw_check CHECK ((state = 'open') = (raw IS NOT NULL))
);
CREATE INDEX dead_letter_open ON dead_letter (raw_expires_at) WHERE state = 'open';

CREATE TABLE crawl_run (
    run_id           uuid PRIMARY KEY,
    source_id        text NOT NULL,
    started_at       timestamptz NOT NULL,
    ended_at         timestamptz NOT NULL,
    requests         integer NOT NULL,
    not_modified     integer NOT NULL,
    published        integer NOT NULL,
    refused          integer NOT NULL,
    status           text NOT NULL CHECK (status IN ('ok', 'failed')),
    error            text,
    expected_per_day real NOT NULL
);
CREATE INDEX crawl_run_source ON crawl_run (source_id, ended_at DESC);

-- When each part last did its work: 'alerts' carries the newest as-of time that was evaluated.
CREATE TABLE heartbeat (
    part  text PRIMARY KEY,
    at    timestamptz NOT NULL,
    as_of timestamptz
);

-- When nobody looked for alerts: from the last run before it to the first one after it.
CREATE TABLE outage (
    since timestamptz PRIMARY KEY,
    until timestamptz,                       -- NULL: it goes on
    CHECK (until > since)
);
CREATE UNIQUE INDEX outage_one_open ON outage ((true)) WHERE until IS NULL;

-- What came of telling a dead-man's switch outside that an alerts run came to its end: one row.
CREATE TABLE ping (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    asked_at    timestamptz NOT NULL,        -- the latest time
    answered_at timestamptz,                 -- the latest time that the switch took it
    error       text                         -- why it did not the latest time; NULL: it did
);

-- An article of our own by which the way from the crawl to the alert is tried. It is no article,
-- story or record in any count.
CREATE TABLE canary (
    article_id uuid PRIMARY KEY,
    fetched_at timestamptz NOT NULL,         -- the crawler had it
    seen_at    timestamptz NOT NULL,         -- Kafka took it
    scored_at  timestamptz NOT NULL DEFAULT now(),
    model_id   text NOT NULL,
    p_negative real NOT NULL,
    judged_at  timestamptz                   -- an alerts run came by
);
CREATE INDEX canary_fetched ON canary (fetched_at);

-- ---------------------------------------------------------------- models, labels

CREATE TABLE model (
    model_id       text PRIMARY KEY,
    weights_digest text NOT NULL,
    manifest       jsonb NOT NULL,
    registered_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE model_alias (
    alias    text PRIMARY KEY CHECK (alias IN ('champion', 'challenger')),
    model_id text NOT NULL REFERENCES model
);

CREATE TABLE model_event (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id text NOT NULL REFERENCES model,
    at       timestamptz NOT NULL DEFAULT now(),
    what     text NOT NULL CHECK (what IN ('registered', 'gate_passed', 'gate_failed', 'promoted')),
    detail   jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE label (
    label_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    article_id uuid REFERENCES article,
    alert_id   uuid,
    field      text NOT NULL CHECK (field IN ('topic', 'sentiment', 'alert')),
    value      text NOT NULL,
    annotator  text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    text_sha   bytea,
    supersedes bigint REFERENCES label,
    CHECK ((article_id IS NULL) <> (alert_id IS NULL))
);

CREATE TABLE label_snapshot (
    snapshot_id text PRIMARY KEY,            -- sha256 of the frozen file
    at          timestamptz NOT NULL DEFAULT now(),
    labels      integer NOT NULL,
    path        text NOT NULL
);

-- ---------------------------------------------------------------- alerts

CREATE TABLE rule (
    rule_id text PRIMARY KEY,
    version integer NOT NULL,
    enabled boolean NOT NULL DEFAULT true
);

CREATE TABLE rule_version (
    rule_id text NOT NULL REFERENCES rule,
    version integer NOT NULL,
    body    jsonb NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    actor   text NOT NULL DEFAULT 'tocsin',  -- who made it, and why
    comment text NOT NULL DEFAULT '',
    PRIMARY KEY (rule_id, version)
);

-- The newest version is in force: whoever may add one needs no right to change any.
CREATE FUNCTION put_in_force() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE rule SET version = NEW.version WHERE rule_id = NEW.rule_id AND version < NEW.version;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION put_in_force() FROM PUBLIC;
CREATE TRIGGER in_force AFTER INSERT ON rule_version
    FOR EACH ROW EXECUTE FUNCTION put_in_force();

CREATE TABLE alert (
    alert_id        uuid PRIMARY KEY,        -- uuid5 of subject and onset
    subject_kind    text NOT NULL CHECK (subject_kind IN ('issuer', 'topic')),
    subject         text NOT NULL,           -- entity_id, or the topic where no issuer carries it
    topic           text NOT NULL,           -- the topic most of its stories are filed under
    state           text NOT NULL CHECK (state IN ('firing', 'acknowledged', 'resolved')),
    severity        text NOT NULL CHECK (severity IN ('info', 'low', 'high', 'critical')),
    onset           timestamptz NOT NULL,    -- start of the first surging window
    last_surge_at   timestamptz NOT NULL,    -- end of the latest surging window
    detected_at     timestamptz NOT NULL DEFAULT now(),
    evaluated_as_of timestamptz NOT NULL,
    observed        integer NOT NULL,        -- distinct negative stories in the leading window
    window_minutes  integer NOT NULL,
    window_end      timestamptz NOT NULL,
    usual_low       integer NOT NULL,
    usual_high      integer NOT NULL,
    baseline_days   real NOT NULL,
    cold_start      boolean NOT NULL,        -- too little history: the fixed rule applied
    publishers      integer NOT NULL,
    copies          integer NOT NULL,
    origin          text NOT NULL CHECK (origin IN ('live', 'backfill', 'replay')),
    historical      boolean NOT NULL,        -- found more than 24 h after its onset: not sent
    rule_id         text NOT NULL,
    rule_version    integer NOT NULL,
    model_id        text NOT NULL,
    owner           text,
    acknowledged_until timestamptz,          -- acknowledged, it fires again then
    worse_from      integer,                 -- or at so many stories
    worse_than      text                     -- or above this severity
                    CHECK (worse_than IN ('info', 'low', 'high', 'critical')),
    resolved_at     timestamptz,
    resolved_reason text CHECK (resolved_reason IN ('subsided', 'corrected', 'false_alarm', 'closed',
                                                    'merged')),
    reopened_from   uuid REFERENCES alert,
    merged_into     uuid REFERENCES alert,   -- one surge with an earlier one, as late news showed
    within_topic    boolean NOT NULL DEFAULT false,  -- the figures are of its topic alone
    condition       text NOT NULL DEFAULT 'surge',   -- what speaks for it, of what contributes
    FOREIGN KEY (rule_id, rule_version) REFERENCES rule_version,
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
    CHECK ((resolved_at IS NULL) = (resolved_reason IS NULL)),
    CONSTRAINT alert_worse_check CHECK ((worse_from IS NULL) = (worse_than IS NULL)),
    CONSTRAINT alert_merged_into_check
        CHECK ((resolved_reason = 'merged') IS TRUE = (merged_into IS NOT NULL))
);
CREATE UNIQUE INDEX alert_one_open ON alert (subject_kind, subject) WHERE state <> 'resolved';
CREATE INDEX alert_detected ON alert (detected_at DESC);

CREATE TABLE alert_series (
    alert_id       uuid NOT NULL REFERENCES alert,
    series_id      bigint NOT NULL REFERENCES series,
    window_minutes integer NOT NULL,
    window_end     timestamptz NOT NULL,
    observed       integer NOT NULL,
    expected       real NOT NULL,            -- mean count of such a window in the baseline
    threshold      integer NOT NULL,         -- the count at which it surges
    p_value        double precision NOT NULL,
    condition      text NOT NULL DEFAULT 'surge',
    detail         jsonb NOT NULL DEFAULT '{}',  -- what a condition that is no surge rests on
    PRIMARY KEY (alert_id, series_id, condition, window_minutes)
);

CREATE TABLE alert_event (
    alert_id uuid NOT NULL REFERENCES alert,
    seq      integer NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    actor    text NOT NULL,
    what     text NOT NULL CHECK (what IN ('opened', 'raised', 'updated', 'acknowledged',
                                           'reopened', 'false_alarm', 'resolved', 'undone',
                                           'silenced', 'lapsed')),
    detail   jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (alert_id, seq)
);

-- A snapshot without foreign keys into partitions: what was shown stays what it was.
CREATE TABLE alert_evidence (
    alert_id       uuid NOT NULL REFERENCES alert,
    story_id       uuid NOT NULL,
    article_id     uuid NOT NULL,
    added_at       timestamptz NOT NULL DEFAULT now(),
    kind           text NOT NULL CHECK (kind IN ('report', 'denial', 'correction')),
    lang           text NOT NULL,
    title          text NOT NULL,
    url            text NOT NULL,
    publisher_name text NOT NULL,
    tier           text NOT NULL,
    published_at   timestamptz,
    seen_at        timestamptz NOT NULL,
    occurred_at    timestamptz NOT NULL,
    topic          text NOT NULL,
    p_negative     real NOT NULL,
    relevance      real NOT NULL,
    sentence       text,
    sentence_p     real,
    copies         integer NOT NULL,
    publishers     integer NOT NULL,
    model_id       text NOT NULL,
    withdrawn      boolean NOT NULL DEFAULT false,  -- corrected since: no longer negative
    PRIMARY KEY (alert_id, story_id)
);

-- ---------------------------------------------------------------- who is told

CREATE TABLE recipient (
    name       text PRIMARY KEY,
    body       jsonb NOT NULL,               -- by which channel, what, when, in which language
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- The outbox: written by the run that found the alerts, in its transaction; sent by a step after it.
CREATE TABLE delivery (
    delivery_id    uuid PRIMARY KEY,         -- uuid5 of the five that are unique together
    recipient      text NOT NULL,            -- its name; the row stays when the recipient goes
    channel        text NOT NULL,
    group_key      text NOT NULL,            -- what is told at once
    interval_start timestamptz NOT NULL,     -- one message a group and interval
    kind           text NOT NULL CHECK (kind IN ('opened', 'raised', 'reopened', 'lapsed',
                                                 'resolved', 'escalated', 'digest', 'test',
                                                 'unwatched', 'watched', 'canary', 'late')),
    due_at         timestamptz NOT NULL,     -- not sent before
    state          text NOT NULL DEFAULT 'waiting'
                   CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
    attempts       integer NOT NULL DEFAULT 0,
    attempted_at   timestamptz,              -- the latest attempt began
    retry_at       timestamptz,              -- no attempt before; whoever attempts has it till then
    sent_at        timestamptz,
    failed_at      timestamptz,              -- the latest attempt that failed, and why
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
    seq         integer NOT NULL,            -- the event that is told
    severity    text NOT NULL CHECK (severity IN ('info', 'low', 'high', 'critical')),  -- at that event
    PRIMARY KEY (delivery_id, alert_id),
    FOREIGN KEY (alert_id, seq) REFERENCES alert_event
);
CREATE INDEX delivery_alert_alert ON delivery_alert (alert_id);

-- ---------------------------------------------------------------- what is not told

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

-- What a run decided not to raise or not to tell, and why: one row an episode and reason.
CREATE TABLE suppression (
    suppression_id uuid PRIMARY KEY,         -- uuid5 of what it is of
    reason         text NOT NULL
                   CHECK (reason IN ('silenced', 'historical', 'inhibited', 'too_few_stories',
                                     'too_few_publishers', 'usual')),
    subject_kind   text NOT NULL,
    subject        text NOT NULL,
    alert_id       uuid,                     -- the alert that was not told; NULL: none was raised
    first_at       timestamptz NOT NULL,     -- when it was first and last so
    last_at        timestamptz NOT NULL,
    lifted_at      timestamptz,              -- told, or raised, after all
    detail         jsonb NOT NULL
);
CREATE INDEX suppression_subject ON suppression (subject_kind, subject, last_at);
CREATE INDEX suppression_last ON suppression (last_at);

-- ---------------------------------------------------------------- audit
-- Every change to the tables named below is an entry of one chain.

CREATE TABLE audit (
    seq        bigint PRIMARY KEY,           -- without a gap
    at         timestamptz NOT NULL,         -- by the server's clock, as it was chained
    program    text NOT NULL,                -- the role, or the user that took none on
    operation  text NOT NULL CHECK (operation IN ('insert', 'update', 'delete')),
    table_name text NOT NULL,
    key        text NOT NULL,                -- the row's primary key, in a JSON array
    row        jsonb NOT NULL,               -- as it was written; of a deleted one, as it was
    digest     bytea NOT NULL                -- sha256 of the digest before and of this entry
);

-- Runs as its owner: nobody else writes the chain. It runs when a transaction commits, with every row
-- locked that it wants: who waits for the chain's lock then waits for commits only, and no two wait
-- for each other.
CREATE FUNCTION audit_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    -- Called with the names of the primary key's columns.
    content jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    entry audit%ROWTYPE;
    last audit%ROWTYPE;
BEGIN
    PERFORM pg_advisory_xact_lock(7240118);
    SELECT * INTO last FROM audit ORDER BY seq DESC LIMIT 1;
    entry.seq := coalesce(last.seq, 0) + 1;
    entry.at := clock_timestamp();
    entry.program := coalesce(nullif(current_setting('role'), 'none'), session_user);
    entry.operation := lower(TG_OP);
    entry.table_name := TG_TABLE_NAME;
    SELECT jsonb_agg(content -> name ORDER BY place)::text INTO entry.key
    FROM unnest(TG_ARGV) WITH ORDINALITY AS part (name, place);
    entry.row := content;
    entry.digest := sha256(coalesce(last.digest, '') || convert_to(concat_ws(E'\n',
        entry.seq, to_char(entry.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), entry.program,
        entry.operation, entry.table_name, entry.key, entry.row::text), 'UTF8'));
    INSERT INTO audit VALUES (entry.*);
    RETURN NULL;
END $$;
-- Or a temporary table with this trigger could write what never happened.
REVOKE EXECUTE ON FUNCTION audit_change() FROM PUBLIC;

CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON alert_event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('alert_id', 'seq');
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON rule
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('rule_id');
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON rule_version
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('rule_id', 'version');
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON recipient
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('name');
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON model_alias
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('alias');
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON model_event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('seq');
CREATE CONSTRAINT TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON silence
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_change('silence_id');

-- ---------------------------------------------------------------- roles
-- Roles belong to the cluster, not the database: they may be there already.

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['tocsin_owner', 'tocsin_ingest', 'tocsin_alerts', 'tocsin_console',
                                'tocsin_retention'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
END $$;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO tocsin_owner, tocsin_ingest, tocsin_alerts, tocsin_console;
REVOKE SELECT ON recipient, delivery, delivery_alert, silence, suppression, audit
    FROM tocsin_ingest;

GRANT INSERT, UPDATE ON publisher, story, story_key, article, revision, score, mention, entity,
    security, entity_alias, series, story_signal, kafka_offset, kafka_gap, ingest_batch,
    dead_letter, crawl_run, model, model_alias, heartbeat TO tocsin_ingest;
GRANT INSERT ON bucket_change, model_event, uncompared TO tocsin_ingest;
GRANT DELETE ON uncompared, story_signal, entity_alias, security, story_key TO tocsin_ingest;

GRANT INSERT, UPDATE ON bucket, alert, alert_series, alert_evidence, heartbeat, model,
    model_alias TO tocsin_alerts;
GRANT INSERT ON rule, rule_version, alert_event, model_event, label_snapshot, series TO tocsin_alerts;
GRANT DELETE ON bucket_change, alert_series TO tocsin_alerts;

GRANT INSERT, UPDATE ON delivery, delivery_alert, outage, ping, suppression TO tocsin_alerts;

GRANT INSERT, DELETE ON canary TO tocsin_ingest;
GRANT UPDATE (judged_at) ON canary TO tocsin_alerts;

GRANT SELECT ON heartbeat, outage, recipient, delivery TO tocsin_watch;
GRANT INSERT ON outage TO tocsin_watch;
GRANT INSERT, UPDATE ON delivery TO tocsin_watch;

GRANT UPDATE ON alert TO tocsin_console;
GRANT INSERT, UPDATE, DELETE ON recipient TO tocsin_console;
GRANT INSERT, UPDATE ON silence TO tocsin_console;
GRANT INSERT ON alert_event, label, rule_version TO tocsin_console;

GRANT SELECT ON revision, score, alert_evidence, dead_letter, story_key, suppression
    TO tocsin_retention;
GRANT UPDATE (body) ON revision TO tocsin_retention;
GRANT UPDATE (sentence, sentence_probs) ON score TO tocsin_retention;
GRANT UPDATE (sentence, sentence_p) ON alert_evidence TO tocsin_retention;
GRANT UPDATE (raw, headers, state) ON dead_letter TO tocsin_retention;
-- To lock a row before it is deleted.
GRANT UPDATE (used_on) ON story_key TO tocsin_retention;
GRANT UPDATE (lifted_at) ON suppression TO tocsin_retention;
GRANT DELETE ON story_key, suppression TO tocsin_retention;

-- Partitions of one month, made by whoever writes first into it. Runs as its owner, because the
-- writers may not create tables.
CREATE FUNCTION ensure_month(month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    parent text;
    lower_bound date := date_trunc('month', month);
    name text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['revision', 'score', 'mention'] LOOP
        name := format('%s_%s', parent, to_char(lower_bound, 'YYYY_MM'));
        IF to_regclass(name) IS NULL THEN
            BEGIN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    name, parent, lower_bound::timestamp AT TIME ZONE 'UTC',
                    (lower_bound + interval '1 month')::timestamp AT TIME ZONE 'UTC');
            EXCEPTION WHEN duplicate_table THEN
                NULL;  -- two writers at midnight: the other one was faster
            END;
        END IF;
    END LOOP;
END $$;
