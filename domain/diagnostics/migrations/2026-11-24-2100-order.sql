-- Orders ("chỉ định"): what a clinician asks to be done in a visit, from the basket to the result.

CREATE TABLE diagnostics_order (
    facility_id   int  NOT NULL,
    order_id      uuid NOT NULL,
    encounter_id  uuid NOT NULL,
    patient_id    uuid NOT NULL,
    -- Whose record the order came from when records were merged, latest last; an undone merge goes back along it.
    moved_from    uuid[] NOT NULL DEFAULT '{}',
    service_id    uuid NOT NULL,
    -- Code and name as they were when it was ordered: old papers keep their words.
    service_code  text NOT NULL,
    service_name  text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('exam', 'lab', 'imaging', 'procedure', 'other')),
    quantity      int  NOT NULL DEFAULT 1 CHECK (quantity BETWEEN 1 AND 99),
    room_id       uuid,
    -- The price of the day of service that the doctor and the person saw; the charge itself lies with billing.
    price_vnd     bigint CHECK (price_vnd >= 0),
    day           date NOT NULL,
    priority      text NOT NULL DEFAULT 'routine' CHECK (priority IN ('routine', 'urgent')),
    -- For those who carry it out: where it hurts, what to look for.
    note          text NOT NULL DEFAULT '' CHECK (char_length(note) <= 500),
    status        text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'placed', 'collected', 'done', 'cancelled')),
    -- Orders of one basket that go to the same room share a slip; its code is the barcode on the paper.
    slip_code     text CHECK (slip_code ~ '^[0-9A-Z]{8,20}$'),
    drafted_by    uuid NOT NULL,
    drafted_at    timestamptz NOT NULL,
    ordered_by    uuid,
    -- The clinician as papers name them, e.g. "BS. Lê Hoàng Phúc".
    ordered_name  text NOT NULL DEFAULT '',
    ordered_at    timestamptz,
    paid_at       timestamptz,
    collected_by  uuid,
    collected_at  timestamptz,
    done_by       uuid,
    done_at       timestamptz,
    cancelled_by  uuid,
    cancelled_at  timestamptz,
    cancel_reason text NOT NULL DEFAULT '' CHECK (char_length(cancel_reason) <= 500),
    PRIMARY KEY (facility_id, order_id),
    CHECK (status = 'draft' OR (ordered_at IS NOT NULL AND slip_code IS NOT NULL)),
    CHECK (status <> 'cancelled' OR cancelled_at IS NOT NULL)
);
SELECT db_tenant_table('diagnostics_order');

-- The basket of a visit; the last time something was done for a person; what waits in a room.
CREATE INDEX diagnostics_order_encounter ON diagnostics_order (facility_id, encounter_id);
CREATE INDEX diagnostics_order_patient ON diagnostics_order (facility_id, patient_id, service_id, ordered_at DESC);
CREATE INDEX diagnostics_order_waiting ON diagnostics_order (facility_id, room_id, ordered_at)
    WHERE status IN ('placed', 'collected');
CREATE INDEX diagnostics_order_slip ON diagnostics_order (facility_id, slip_code) WHERE slip_code IS NOT NULL;

ALTER TABLE diagnostics_order ADD CONSTRAINT diagnostics_order_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);
ALTER TABLE diagnostics_order ADD CONSTRAINT diagnostics_order_patient_fk
    FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);
ALTER TABLE diagnostics_order ADD CONSTRAINT diagnostics_order_service_fk
    FOREIGN KEY (facility_id, service_id) REFERENCES organization_service (facility_id, service_id);
ALTER TABLE diagnostics_order ADD CONSTRAINT diagnostics_order_room_fk
    FOREIGN KEY (facility_id, room_id) REFERENCES organization_room (facility_id, room_id);

-- Only a draft may vanish; what was ordered is cancelled, never deleted.
CREATE FUNCTION diagnostics_order_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'draft' THEN
        RAISE EXCEPTION 'an order that was placed is cancelled, never deleted';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER diagnostics_order_keep BEFORE DELETE ON diagnostics_order
    FOR EACH ROW EXECUTE FUNCTION diagnostics_order_keep();

-- Sets that are ordered together: the facility's (no owner) and each doctor's own.
CREATE TABLE diagnostics_order_set (
    facility_id     int  NOT NULL,
    set_id          uuid NOT NULL,
    practitioner_id uuid,
    name            text NOT NULL CHECK (name <> '' AND char_length(name) <= 100),
    name_folded     text NOT NULL,
    -- ICD-10 categories or codes for which the set is offered first, e.g. {J00, J06.9}.
    icd_codes       text[] NOT NULL DEFAULT '{}',
    created_by      uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (facility_id, set_id)
);
SELECT db_tenant_table('diagnostics_order_set');
ALTER TABLE diagnostics_order_set ADD CONSTRAINT diagnostics_order_set_practitioner_fk
    FOREIGN KEY (facility_id, practitioner_id) REFERENCES practitioner_practitioner (facility_id, practitioner_id);

CREATE TABLE diagnostics_order_set_line (
    facility_id int  NOT NULL,
    set_id      uuid NOT NULL,
    service_id  uuid NOT NULL,
    position    int  NOT NULL,
    quantity    int  NOT NULL DEFAULT 1 CHECK (quantity BETWEEN 1 AND 99),
    PRIMARY KEY (facility_id, set_id, service_id)
);
SELECT db_tenant_table('diagnostics_order_set_line');
ALTER TABLE diagnostics_order_set_line ADD CONSTRAINT diagnostics_order_set_line_set_fk
    FOREIGN KEY (facility_id, set_id) REFERENCES diagnostics_order_set (facility_id, set_id);
ALTER TABLE diagnostics_order_set_line ADD CONSTRAINT diagnostics_order_set_line_service_fk
    FOREIGN KEY (facility_id, service_id) REFERENCES organization_service (facility_id, service_id);

-- What each clinician orders, counted as they place orders, so that their own come first in the search.
CREATE TABLE diagnostics_favourite (
    facility_id  int  NOT NULL,
    account_id   uuid NOT NULL,
    service_id   uuid NOT NULL,
    uses         int  NOT NULL DEFAULT 0,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (facility_id, account_id, service_id)
);
SELECT db_tenant_table('diagnostics_favourite');
ALTER TABLE diagnostics_favourite ADD CONSTRAINT diagnostics_favourite_service_fk
    FOREIGN KEY (facility_id, service_id) REFERENCES organization_service (facility_id, service_id);
