-- Numbers of the rare words of a story's first article, by which reports of one event in other words
-- know each other; NULL where it has no vector. What was stored before is not compared.
ALTER TABLE story ADD COLUMN rare integer[];

-- Queue: stories that were not compared with the others yet.
CREATE TABLE uncompared (
    story_id uuid PRIMARY KEY REFERENCES story
);

GRANT SELECT ON uncompared TO tocsin_owner, tocsin_ingest, tocsin_alerts, tocsin_console;
GRANT INSERT, DELETE ON uncompared TO tocsin_ingest;
