-- A visit ("lượt khám"), its steps, and the queue ticket that brings the person to the door of a room.

CREATE TABLE encounter_encounter (
    facility_id      int         NOT NULL,
    encounter_id     uuid        NOT NULL,
    patient_id       uuid        NOT NULL,
    -- The person behind the facility's patient, for limits that hold per human being (one active ticket per room and day).
    person_id        uuid        NOT NULL,
    room_id          uuid        NOT NULL,
    -- The doctor who called or took the visit; empty while it waits.
    practitioner_id  uuid,
    -- The examination service chosen at the desk; billing prices it.
    service_id       uuid,
    -- Kind of care, code of QĐ 1804/QĐ-BYT 2026 annex 01 ("01" = khám bệnh).
    visit_type       text        NOT NULL DEFAULT '01',
    reason           text        NOT NULL DEFAULT '' CHECK (char_length(reason) <= 500),
    -- Who is expected to pay: the person, or the health-insurance fund through the card below.
    payer            text        NOT NULL DEFAULT 'self' CHECK (payer IN ('self', 'insurance')),
    coverage_id      uuid,
    source           text        NOT NULL DEFAULT 'walk_in' CHECK (source IN ('walk_in', 'booked', 'call_center', 'app')),
    status           text        NOT NULL DEFAULT 'arrived'
                     CHECK (status IN ('planned', 'arrived', 'triaged', 'in_progress', 'finished', 'cancelled')),
    priority_class   text        NOT NULL DEFAULT 'none',
    -- Day of service in Vietnam, written once, so that a visit opened at 23:59 keeps its day.
    day              date        NOT NULL,
    opened_at        timestamptz NOT NULL,
    called_at        timestamptz,
    started_at       timestamptz,
    finished_at      timestamptz,
    cancelled_at     timestamptz,
    cancel_reason    text        CHECK (char_length(cancel_reason) <= 500),
    opened_by        uuid        NOT NULL,
    version          int         NOT NULL DEFAULT 1,
    PRIMARY KEY (facility_id, encounter_id)
);
SELECT db_tenant_table('encounter_encounter');

-- The day list of the desk and of a room; the booklet of one person, newest first.
CREATE INDEX encounter_encounter_day ON encounter_encounter (facility_id, day, room_id, opened_at);
CREATE INDEX encounter_encounter_patient ON encounter_encounter (facility_id, patient_id, opened_at DESC);

-- Foreign keys stand alone, because on a distributed database they are added after the tables are spread.
ALTER TABLE encounter_encounter ADD CONSTRAINT encounter_encounter_patient_fk
    FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);
ALTER TABLE encounter_encounter ADD CONSTRAINT encounter_encounter_room_fk
    FOREIGN KEY (facility_id, room_id) REFERENCES organization_room (facility_id, room_id);
ALTER TABLE encounter_encounter ADD CONSTRAINT encounter_encounter_practitioner_fk
    FOREIGN KEY (facility_id, practitioner_id) REFERENCES practitioner_practitioner (facility_id, practitioner_id);
ALTER TABLE encounter_encounter ADD CONSTRAINT encounter_encounter_service_fk
    FOREIGN KEY (facility_id, service_id) REFERENCES organization_service (facility_id, service_id);

-- Every step a visit took: who moved it, when, and why when a reason was asked.
CREATE TABLE encounter_status (
    facility_id   int         NOT NULL,
    encounter_id  uuid        NOT NULL,
    step          int         NOT NULL,
    from_status   text,
    to_status     text        NOT NULL,
    room_id       uuid,
    at            timestamptz NOT NULL,
    by_account    uuid        NOT NULL,
    reason        text,
    PRIMARY KEY (facility_id, encounter_id, step)
);
SELECT db_tenant_table('encounter_status');
SELECT db_append_only('encounter_status');
ALTER TABLE encounter_status ADD CONSTRAINT encounter_status_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

-- Medicine is never erased: rows end, they do not go.
REVOKE DELETE ON encounter_encounter FROM yba_app;
