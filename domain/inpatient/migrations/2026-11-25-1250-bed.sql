-- Beds and who lies in them. A stay itself is an encounter of class IMP (encounter); here stands what the ward knows of it.

CREATE TABLE inpatient_bed (
    facility_id     int  NOT NULL,
    bed_id          uuid NOT NULL,
    ward_id         uuid NOT NULL,
    -- The chamber as the door says it: "Buồng A1 · Nam".
    chamber         text NOT NULL CHECK (chamber <> '' AND char_length(chamber) <= 60),
    code            text NOT NULL CHECK (code <> '' AND char_length(code) <= 20),
    kind            text NOT NULL DEFAULT 'ordinary' CHECK (kind IN ('ordinary', 'intensive', 'requested', 'stretcher')),
    -- Two people may lie in it at once where the house has declared so.
    is_shared       boolean NOT NULL DEFAULT false,
    -- The service that one day in this bed costs; empty where a bed day is not charged.
    service_id      uuid,
    place           int  NOT NULL DEFAULT 0,
    active_from     date NOT NULL,
    active_to       date CHECK (active_to >= active_from),
    -- Being cleaned since somebody left it.
    cleaning_since  timestamptz,
    -- Kept for a patient who is on the way, until then.
    held_for        uuid,
    held_until      timestamptz,
    PRIMARY KEY (facility_id, bed_id),
    CHECK ((held_for IS NULL) = (held_until IS NULL))
);
SELECT db_tenant_table('inpatient_bed');
REVOKE DELETE ON inpatient_bed FROM yba_app;
CREATE UNIQUE INDEX inpatient_bed_code ON inpatient_bed (facility_id, ward_id, code) WHERE active_to IS NULL;
ALTER TABLE inpatient_bed ADD CONSTRAINT inpatient_bed_ward_fk
    FOREIGN KEY (facility_id, ward_id) REFERENCES organization_room (facility_id, room_id);
ALTER TABLE inpatient_bed ADD CONSTRAINT inpatient_bed_service_fk
    FOREIGN KEY (facility_id, service_id) REFERENCES organization_service (facility_id, service_id);

-- The ward's own sheet of a stay: where it stands between admission and going home.
CREATE TABLE inpatient_stay (
    facility_id     int  NOT NULL,
    encounter_id    uuid NOT NULL,
    patient_id      uuid NOT NULL,
    ward_id         uuid NOT NULL,
    step            text NOT NULL DEFAULT 'waiting' CHECK (step IN ('waiting', 'in_bed', 'moving', 'leaving', 'closed')),
    -- Where the patient came from: the desk, a visit, the emergency room, another hospital system.
    came_from       text NOT NULL DEFAULT 'desk' CHECK (came_from IN ('desk', 'visit', 'emergency', 'his')),
    reason          text NOT NULL DEFAULT '' CHECK (char_length(reason) <= 500),
    admit_code      text NOT NULL DEFAULT '',
    admit_diagnosis text NOT NULL DEFAULT '' CHECK (char_length(admit_diagnosis) <= 500),
    -- What the bed map says in two words: the last diagnosis written on a treatment sheet.
    diagnosis       text NOT NULL DEFAULT '' CHECK (char_length(diagnosis) <= 500),
    doctor_id       uuid,
    doctor_name     text NOT NULL DEFAULT '',
    care_level      int  CHECK (care_level BETWEEN 1 AND 3),
    diet            text NOT NULL DEFAULT '' CHECK (char_length(diet) <= 200),
    -- What the wristband carries; it opens the stay and proves an execution at the bedside.
    wristband       text NOT NULL CHECK (wristband ~ '^NT[0-9A-Z]{10}$'),
    -- The ward that was asked to take the patient, while it has not done so.
    moving_to       uuid,
    moving_reason   text NOT NULL DEFAULT '' CHECK (char_length(moving_reason) <= 500),
    leave_on        date,
    admitted_at     timestamptz NOT NULL,
    admitted_by     uuid NOT NULL,
    closed_at       timestamptz,
    version         int  NOT NULL DEFAULT 1,
    PRIMARY KEY (facility_id, encounter_id),
    CONSTRAINT inpatient_stay_wristband UNIQUE (facility_id, wristband),
    CHECK ((step = 'moving') = (moving_to IS NOT NULL)),
    CHECK ((step = 'closed') = (closed_at IS NOT NULL))
);
SELECT db_tenant_table('inpatient_stay');
REVOKE DELETE ON inpatient_stay FROM yba_app;
CREATE INDEX inpatient_stay_ward ON inpatient_stay (facility_id, ward_id, step) WHERE step <> 'closed';
CREATE INDEX inpatient_stay_moving ON inpatient_stay (facility_id, moving_to) WHERE moving_to IS NOT NULL;
CREATE INDEX inpatient_stay_patient ON inpatient_stay (facility_id, patient_id, admitted_at DESC);
-- One patient lies in the house once.
CREATE UNIQUE INDEX inpatient_stay_once ON inpatient_stay (facility_id, patient_id) WHERE step <> 'closed';
ALTER TABLE inpatient_stay ADD CONSTRAINT inpatient_stay_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);
ALTER TABLE inpatient_stay ADD CONSTRAINT inpatient_stay_ward_fk
    FOREIGN KEY (facility_id, ward_id) REFERENCES organization_room (facility_id, room_id);

-- Who lay where, from when to when. The database itself refuses two people in one bed and one person in two beds.
CREATE TABLE inpatient_bed_stay (
    facility_id   int  NOT NULL,
    bed_stay_id   uuid NOT NULL,
    bed_id        uuid NOT NULL,
    ward_id       uuid NOT NULL,
    encounter_id  uuid NOT NULL,
    patient_id    uuid NOT NULL,
    period        tstzrange NOT NULL CHECK (NOT isempty(period)),
    is_shared     boolean NOT NULL DEFAULT false,
    by_account    uuid NOT NULL,
    by_name       text NOT NULL,
    PRIMARY KEY (facility_id, bed_stay_id),
    CONSTRAINT inpatient_bed_stay_one_patient EXCLUDE USING gist (facility_id WITH =, bed_id WITH =, period WITH &&) WHERE (NOT is_shared),
    CONSTRAINT inpatient_bed_stay_one_bed EXCLUDE USING gist (facility_id WITH =, patient_id WITH =, period WITH &&)
);
SELECT db_tenant_table('inpatient_bed_stay');
REVOKE DELETE ON inpatient_bed_stay FROM yba_app;
CREATE INDEX inpatient_bed_stay_encounter ON inpatient_bed_stay (facility_id, encounter_id);
CREATE INDEX inpatient_bed_stay_now ON inpatient_bed_stay (facility_id, bed_id) WHERE upper_inf(period);
ALTER TABLE inpatient_bed_stay ADD CONSTRAINT inpatient_bed_stay_bed_fk
    FOREIGN KEY (facility_id, bed_id) REFERENCES inpatient_bed (facility_id, bed_id);
ALTER TABLE inpatient_bed_stay ADD CONSTRAINT inpatient_bed_stay_stay_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES inpatient_stay (facility_id, encounter_id);

-- What happened to a stay, step by step: admitted, laid in a bed, asked for, received, sent home.
CREATE TABLE inpatient_stay_event (
    facility_id   int  NOT NULL,
    encounter_id  uuid NOT NULL,
    event_id      uuid NOT NULL,
    act           text NOT NULL,
    ward_id       uuid NOT NULL,
    note          text NOT NULL DEFAULT '' CHECK (char_length(note) <= 500),
    at            timestamptz NOT NULL,
    by_account    uuid NOT NULL,
    by_name       text NOT NULL,
    PRIMARY KEY (facility_id, event_id)
);
SELECT db_tenant_table('inpatient_stay_event');
SELECT db_append_only('inpatient_stay_event');
CREATE INDEX inpatient_stay_event_stay ON inpatient_stay_event (facility_id, encounter_id, at);
ALTER TABLE inpatient_stay_event ADD CONSTRAINT inpatient_stay_event_stay_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES inpatient_stay (facility_id, encounter_id);
