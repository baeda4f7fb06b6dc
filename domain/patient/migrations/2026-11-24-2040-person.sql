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

SELECT db_purpose_table('patient_person', 'person-index');
SELECT db_purpose_table('patient_person_key', 'person-index');
REVOKE DELETE ON patient_person, patient_person_key FROM yba_app;
