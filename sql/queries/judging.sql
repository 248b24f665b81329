-- What analysts write. Every statement runs in one transaction that holds the alert's row.

-- name: lock
SELECT state, owner, acknowledged_until, worse_from, worse_than, resolved_at, resolved_reason
FROM alert
WHERE alert_id = %(alert_id)s FOR UPDATE;

-- name: set_state
UPDATE alert SET state = %(state)s, owner = %(owner)s, acknowledged_until = %(acknowledged_until)s,
                 worse_from = %(worse_from)s, worse_than = %(worse_than)s,
                 resolved_at = %(resolved_at)s, resolved_reason = %(resolved_reason)s
WHERE alert_id = %(alert_id)s;

-- name: worse
-- What would be worse than the alert is now: twice its stories, or a severity above its own.
SELECT 2 * observed AS worse_from, severity AS worse_than FROM alert
WHERE alert_id = %(alert_id)s;

-- name: add_event
INSERT INTO alert_event (alert_id, seq, at, actor, what, detail)
SELECT %(alert_id)s, coalesce(max(seq), 0) + 1, %(at)s, %(who)s, %(what)s, %(detail)s::jsonb
FROM alert_event WHERE alert_id = %(alert_id)s;

-- name: last_decision
SELECT seq, at, actor, what, detail FROM alert_event
WHERE alert_id = %(alert_id)s
  AND what IN ('acknowledged', 'false_alarm', 'resolved', 'reopened', 'undone', 'lapsed')
ORDER BY seq DESC LIMIT 1;

-- name: another_open
SELECT EXISTS (
    SELECT FROM alert other JOIN alert this USING (subject_kind, subject)
    WHERE this.alert_id = %(alert_id)s AND other.alert_id <> this.alert_id
      AND other.state <> 'resolved') AS found;

-- name: last_alert_label
SELECT label_id, value FROM label
WHERE alert_id = %(alert_id)s AND field = 'alert' AND annotator = %(who)s
ORDER BY label_id DESC LIMIT 1;

-- name: label_alert
INSERT INTO label (alert_id, field, value, annotator, at, supersedes)
VALUES (%(alert_id)s, 'alert', %(value)s, %(who)s, %(at)s, %(supersedes)s);

-- name: judged_text
-- The article shown as evidence, its newest text, and what this analyst said of it last.
SELECT v.article_id, r.content_sha, l.label_id, l.value
FROM alert_evidence v
JOIN article a USING (article_id)
LEFT JOIN revision r ON r.article_id = a.article_id AND r.rev = a.current_rev
    AND r.first_seen_at = a.first_seen_at
LEFT JOIN LATERAL (
    SELECT label_id, value FROM label
    WHERE label.article_id = v.article_id AND field = %(field)s AND annotator = %(who)s
    ORDER BY label_id DESC LIMIT 1
) AS l ON true
WHERE v.alert_id = %(alert_id)s AND v.story_id = %(story_id)s;

-- name: label_article
INSERT INTO label (article_id, field, value, annotator, at, text_sha, supersedes)
VALUES (%(article_id)s, %(field)s, %(value)s, %(who)s, %(at)s, %(text_sha)s, %(supersedes)s);
