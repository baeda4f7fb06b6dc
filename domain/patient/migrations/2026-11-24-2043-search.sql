-- What the one search box looks in: short keys in plain b-trees, so that a million people cost no more than ten thousand.

-- Keys of a person at a facility:
--   the folded name, once from each word on and then round ("nguyen van an", "van an nguyen", "an nguyen van"),
--   so that any word can be the beginning and every row still holds the whole name;
--   "#" + a whole number (phone, CCCD, card, record number) and "*" + the last four digits of phone and CCCD.
CREATE TABLE patient_search (
    facility_id  int      NOT NULL,
    key          text     COLLATE "C" NOT NULL,
    patient_id   uuid     NOT NULL,
    birth_year   smallint NOT NULL,
    PRIMARY KEY (facility_id, key, patient_id) INCLUDE (birth_year)
);
SELECT db_tenant_table('patient_search');
CREATE INDEX patient_search_patient ON patient_search (facility_id, patient_id);

-- Who was here last, with what a search must compare: the desk asks for people it saw recently far more often than for others.
CREATE TABLE patient_seen (
    facility_id  int         NOT NULL,
    patient_id   uuid        NOT NULL,
    seen_at      timestamptz NOT NULL,
    name_folded  text        NOT NULL,
    birth_year   smallint    NOT NULL,
    PRIMARY KEY (facility_id, patient_id)
);
SELECT db_tenant_table('patient_seen');
CREATE INDEX patient_seen_recent ON patient_seen (facility_id, seen_at DESC);
