-- An issuer has many securities: the main one first, some of them only for a time.
ALTER TABLE security
    ADD COLUMN position   smallint NOT NULL DEFAULT 0,
    ADD COLUMN valid_from date,
    ADD COLUMN valid_to   date;
ALTER TABLE entity ADD COLUMN parent text REFERENCES entity;
