-- The person index: one row per human being for the whole country, distributed by person. A facility's own
-- patient row points here by id, without a foreign key, and keeps a copy of name, birth and sex for its lists.
-- Nobody browses this table: a transaction must say first for what purpose it looks (yba.purpose).

CREATE TABLE patient_person (
    person_id    uuid        PRIMARY KEY,
    name         text        NOT NULL,
    birth_date   date,
    sex          text        NOT NULL CHECK (sex IN ('male', 'female', 'unknown')),
    created_at   timestamptz NOT NULL,
    -- Set when two persons proved to be one; the row stays, for the way back.
    same_as      uuid
);

-- The directory of numbers that name exactly one person (CCCD), distributed by the number itself, so that two
-- facilities that meet the same card in the same second still end with one person.
CREATE TABLE patient_person_key (
    kind       text NOT NULL CHECK (kind IN ('cccd', 'passport')),
    value      text NOT NULL,
    person_id  uuid NOT NULL,
    PRIMARY KEY (kind, value)
);
CREATE INDEX patient_person_key_person ON patient_person_key (person_id);

ALTER TABLE patient_person ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_person FORCE ROW LEVEL SECURITY;
CREATE POLICY patient_person_by_purpose ON patient_person
    USING (current_setting('yba.purpose', true) IN ('registration', 'merge', 'index_check'))
    WITH CHECK (current_setting('yba.purpose', true) IN ('registration', 'merge'));
GRANT SELECT, INSERT, UPDATE ON patient_person TO yba_app;

ALTER TABLE patient_person_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_person_key FORCE ROW LEVEL SECURITY;
CREATE POLICY patient_person_key_by_purpose ON patient_person_key
    USING (current_setting('yba.purpose', true) IN ('registration', 'merge', 'index_check'))
    WITH CHECK (current_setting('yba.purpose', true) IN ('registration', 'merge'));
GRANT SELECT, INSERT, UPDATE ON patient_person_key TO yba_app;
