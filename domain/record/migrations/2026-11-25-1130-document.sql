-- Per field of a draft: the revision at which it last changed, by whom, and from where it was copied. With it two people
-- can write at once and neither overwrites what the other typed.
ALTER TABLE record_draft ADD COLUMN marks jsonb NOT NULL DEFAULT '{}';
-- Who has the draft open, so that the other one is told before both type: account → name and time.
ALTER TABLE record_draft ADD COLUMN open_at jsonb NOT NULL DEFAULT '{}';

-- What another module made and the record took in, in the order in which it came: the report, then its correction. The
-- paper is drawn when somebody first opens, prints or signs it; from then on it is a version like any other.
CREATE TABLE record_paper (
    facility_id int         NOT NULL,
    origin      text        NOT NULL,
    origin_id   uuid        NOT NULL,
    -- 1 for a thing that gets a new id when it is corrected; the number of the note's version for an examination sheet.
    edition     int         NOT NULL DEFAULT 1 CHECK (edition > 0),
    document_id uuid        NOT NULL,
    -- Why it takes the place of the one before.
    reason      text        NOT NULL DEFAULT '',
    filed_at    timestamptz NOT NULL,
    -- The version of the document that it became; empty until it was drawn.
    version     int,
    PRIMARY KEY (facility_id, origin, origin_id, edition)
);
SELECT db_tenant_table('record_paper');
REVOKE DELETE ON record_paper FROM yba_app;
CREATE INDEX record_paper_document ON record_paper (facility_id, document_id, filed_at);
ALTER TABLE record_paper ADD CONSTRAINT record_paper_document_fk
    FOREIGN KEY (facility_id, document_id) REFERENCES record_document (facility_id, document_id);

-- A kept file that no longer is what it was. A finding stays until the file is back.
CREATE TABLE record_broken (
    facility_id int         NOT NULL,
    document_id uuid        NOT NULL,
    version     int         NOT NULL,
    problem     text        NOT NULL,
    found_at    timestamptz NOT NULL,
    PRIMARY KEY (facility_id, document_id, version)
);
SELECT db_tenant_table('record_broken');
ALTER TABLE record_broken ADD CONSTRAINT record_broken_document_fk
    FOREIGN KEY (facility_id, document_id) REFERENCES record_document (facility_id, document_id);

-- Why a document does not count any more; who and when stand in the audit.
ALTER TABLE record_document ADD COLUMN error_reason text NOT NULL DEFAULT '';

-- The bệnh án that a ward begins with, where it is another than its name suggests.
CREATE TABLE record_ward_form (
    facility_id int         NOT NULL,
    room_id     uuid        NOT NULL,
    form        text        NOT NULL,
    changed_by  uuid        NOT NULL,
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (facility_id, room_id)
);
SELECT db_tenant_table('record_ward_form');

-- Who may see a specially protected document: its author, the doctors of document and record, and the people who work
-- in the ward that answers for it. The system itself (no account) sees everything.
CREATE FUNCTION record_may_see(sensitivity text, author uuid, doctor uuid, record_doctor uuid, room uuid,
                               viewer uuid, viewer_doctor uuid, viewer_wards uuid[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sensitivity = 'ordinary' OR viewer = '00000000-0000-0000-0000-000000000000' OR viewer = author
        OR coalesce(viewer_doctor = doctor, false) OR coalesce(viewer_doctor = record_doctor, false)
        OR coalesce(room = ANY (viewer_wards), false)
$$;
GRANT EXECUTE ON FUNCTION record_may_see(text, uuid, uuid, uuid, uuid, uuid, uuid, uuid[]) TO yba_app;

-- The records that a ward or a doctor works on now.
CREATE INDEX record_record_open ON record_record (facility_id, room_id, opened_at DESC) WHERE ended_at IS NULL;
-- The forms that a ward uses often.
CREATE INDEX record_document_often ON record_document (facility_id, room_id, made_at DESC) WHERE kind = 'form';
