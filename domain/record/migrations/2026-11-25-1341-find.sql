-- Letters without marks, in lower case, everything else a space: what base::fold does, for the index.
CREATE FUNCTION record_fold(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT trim(regexp_replace(translate(regexp_replace(normalize(lower(t), NFD), U&'[\0300-\036f]', '', 'g'), 'đ', 'd'), '[^[:alnum:]]+', ' ', 'g'))
$$;
GRANT EXECUTE ON FUNCTION record_fold(text) TO yba_app;

-- One row per document: what of it can be found. Written by triggers, so that no way of filing a document forgets it.
CREATE TABLE record_find (
    facility_id     int         NOT NULL,
    document_id     uuid        NOT NULL,
    record_id       uuid        NOT NULL,
    patient_id      uuid        NOT NULL,
    room_id         uuid,
    practitioner_id uuid,
    form            text        NOT NULL,
    made_at         timestamptz NOT NULL,
    -- Codes that stand in the document: J18.9 and its group J18.
    icd             text[]      NOT NULL DEFAULT '{}',
    -- The patient, the title, the author, the content; and the facility as a word, so that the index alone tells houses apart.
    words           tsvector    NOT NULL,
    -- What the document says, for showing where a word was found; cut off where nobody reads any more.
    excerpt         text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, document_id)
);
SELECT db_tenant_table('record_find');
CREATE INDEX record_find_words ON record_find USING gin (words) WITH (fastupdate = on);
CREATE INDEX record_find_newest ON record_find (facility_id, made_at DESC, document_id DESC);
CREATE INDEX record_find_patient ON record_find (facility_id, patient_id, made_at DESC);

-- All text of a filled form: the values, not the names of the fields.
CREATE FUNCTION record_text_of(data jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(v #>> '{}', ' · '), '') FROM jsonb_path_query(data, 'strict $.** ? (@.type() == "string" && @ != "")') AS v
$$;
GRANT EXECUTE ON FUNCTION record_text_of(jsonb) TO yba_app;

CREATE FUNCTION record_find_write(facility int, document uuid, content text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO record_find AS f (facility_id, document_id, record_id, patient_id, room_id, practitioner_id, form, made_at, icd, words, excerpt)
    SELECT d.facility_id, d.document_id, d.record_id, d.patient_id, coalesce(d.room_id, r.room_id), coalesce(d.practitioner_id, r.practitioner_id),
           d.form, d.made_at,
           ARRAY(SELECT DISTINCT c FROM regexp_matches(content, '\m[A-Z][0-9]{2}(?:\.[0-9]{1,2})?\M', 'g') AS m (hit),
                 LATERAL unnest(ARRAY[hit[1], left(hit[1], 3)]) AS c),
           to_tsvector('simple', 'f' || facility || ' ' || record_fold(concat_ws(' ', p.name, p.record_no, p.cccd, p.phone, d.title, d.author_name, left(content, 200000)))),
           left(content, 6000)
    FROM record_document d
    JOIN record_record r ON r.facility_id = d.facility_id AND r.record_id = d.record_id
    JOIN patient_patient p ON p.facility_id = d.facility_id AND p.patient_id = d.patient_id
    WHERE d.facility_id = facility AND d.document_id = document
    ON CONFLICT (facility_id, document_id) DO UPDATE SET patient_id = excluded.patient_id, room_id = excluded.room_id,
        practitioner_id = excluded.practitioner_id, icd = excluded.icd, words = excluded.words, excerpt = excluded.excerpt;
END $$;
GRANT EXECUTE ON FUNCTION record_find_write(int, uuid, text) TO yba_app;

CREATE FUNCTION record_find_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM record_find_write(NEW.facility_id, NEW.document_id, record_text_of(NEW.data));
    RETURN NULL;
END $$;
CREATE TRIGGER find AFTER INSERT ON record_version FOR EACH ROW EXECUTE FUNCTION record_find_version();

-- What was read from a scan comes in a table of its own and is found the same way.
CREATE FUNCTION record_find_scan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM record_find_write(NEW.facility_id, NEW.document_id, NEW.text);
    RETURN NULL;
END $$;
DO $$ BEGIN
    IF to_regclass('record_text') IS NOT NULL THEN
        CREATE TRIGGER find AFTER INSERT OR UPDATE ON record_text FOR EACH ROW EXECUTE FUNCTION record_find_scan();
    END IF;
END $$;

-- Filters that somebody uses every day.
CREATE TABLE record_find_filter (
    facility_id int         NOT NULL,
    account_id  uuid        NOT NULL,
    filter_id   uuid        NOT NULL,
    name        text        NOT NULL CHECK (name <> '' AND char_length(name) <= 60),
    query       text        NOT NULL CHECK (char_length(query) <= 1000),
    made_at     timestamptz NOT NULL,
    PRIMARY KEY (facility_id, account_id, filter_id)
);
SELECT db_tenant_table('record_find_filter');
ALTER TABLE record_find ADD CONSTRAINT record_find_document_fk
    FOREIGN KEY (facility_id, document_id) REFERENCES record_document (facility_id, document_id);
