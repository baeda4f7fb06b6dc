-- What happened in a stay that asks for papers: admission, an operation, a transfusion, the end.
CREATE TABLE record_happening (
    facility_id  int         NOT NULL,
    encounter_id uuid        NOT NULL,
    kind         text        NOT NULL CHECK (kind <> ''),
    -- What it came from, so that the same news twice is noted once.
    source       text        NOT NULL,
    at           timestamptz NOT NULL,
    PRIMARY KEY (facility_id, encounter_id, kind, source)
);
SELECT db_tenant_table('record_happening');

-- Every step of a record from hand to hand: handed in, returned, accepted, opened again.
CREATE TABLE record_step (
    facility_id int         NOT NULL,
    record_id   uuid        NOT NULL,
    step        int         NOT NULL,
    from_status text        NOT NULL,
    to_status   text        NOT NULL,
    at          timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    note        text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, record_id, step)
);
SELECT db_tenant_table('record_step');
SELECT db_append_only('record_step');

-- Why a document came back from the planning department; done when the document changed or was excused.
CREATE TABLE record_return (
    facility_id int         NOT NULL,
    return_id   uuid        NOT NULL,
    record_id   uuid        NOT NULL,
    document_id uuid,
    form        text        NOT NULL DEFAULT '',
    reason      text        NOT NULL CHECK (reason <> ''),
    by_name     text        NOT NULL,
    returned_at timestamptz NOT NULL,
    -- The version that was returned: a newer one answers it.
    version     int         NOT NULL DEFAULT 0,
    done_at     timestamptz,
    done_note   text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, return_id)
);
SELECT db_tenant_table('record_return');
REVOKE DELETE ON record_return FROM yba_app;
CREATE INDEX record_return_record ON record_return (facility_id, record_id) WHERE done_at IS NULL;

ALTER TABLE record_happening ADD CONSTRAINT record_happening_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);
ALTER TABLE record_step ADD CONSTRAINT record_step_record_fk
    FOREIGN KEY (facility_id, record_id) REFERENCES record_record (facility_id, record_id);
ALTER TABLE record_return ADD CONSTRAINT record_return_record_fk
    FOREIGN KEY (facility_id, record_id) REFERENCES record_record (facility_id, record_id);
