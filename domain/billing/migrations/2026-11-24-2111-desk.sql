-- The cashier's desk: shifts with their counts, and requests that a second person decides.

CREATE TABLE billing_shift (
    facility_id     int         NOT NULL,
    shift_id        uuid        NOT NULL,
    number          bigint      NOT NULL,
    year            int         NOT NULL,
    account_id      uuid        NOT NULL,
    cashier_name    text        NOT NULL,
    desk            text        NOT NULL DEFAULT '',
    opened_at       timestamptz NOT NULL,
    float_vnd       bigint      NOT NULL CHECK (float_vnd >= 0),
    closed_at       timestamptz,
    count_id        uuid,
    counted_vnd     bigint,
    expected_vnd    bigint,
    reason          text        NOT NULL DEFAULT '',
    handed_over_vnd bigint      NOT NULL DEFAULT 0,
    handed_to       text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, shift_id),
    UNIQUE (facility_id, year, number),
    CHECK ((closed_at IS NULL) = (counted_vnd IS NULL) AND (closed_at IS NULL) = (expected_vnd IS NULL)),
    CHECK (closed_at IS NULL OR counted_vnd = expected_vnd OR reason <> '')
);
SELECT db_tenant_table('billing_shift');
REVOKE DELETE ON billing_shift FROM yba_app;
CREATE UNIQUE INDEX billing_shift_one_open ON billing_shift (facility_id, account_id) WHERE closed_at IS NULL;
ALTER TABLE billing_payment ADD FOREIGN KEY (facility_id, shift_id) REFERENCES billing_shift (facility_id, shift_id);

-- A closed shift is a document.
CREATE FUNCTION billing_keep_closed_shift() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'shift % is closed', OLD.shift_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER closed BEFORE UPDATE ON billing_shift FOR EACH ROW EXECUTE FUNCTION billing_keep_closed_shift();

-- Every count of a drawer is kept, the ones that were done again too.
CREATE TABLE billing_shift_count (
    facility_id  int         NOT NULL,
    count_id     uuid        NOT NULL,
    shift_id     uuid        NOT NULL,
    -- Pieces per denomination, e.g. {"500000": 8}.
    pieces       jsonb       NOT NULL,
    total_vnd    bigint      NOT NULL CHECK (total_vnd >= 0),
    -- What the ledger expected at that moment; shown only after the count was written.
    expected_vnd bigint      NOT NULL,
    at           timestamptz NOT NULL,
    by_account   uuid        NOT NULL,
    PRIMARY KEY (facility_id, count_id)
);
SELECT db_tenant_table('billing_shift_count');
SELECT db_append_only('billing_shift_count');
CREATE INDEX billing_shift_count_shift ON billing_shift_count (facility_id, shift_id, at);
ALTER TABLE billing_shift_count ADD FOREIGN KEY (facility_id, shift_id) REFERENCES billing_shift (facility_id, shift_id);

CREATE TABLE billing_approval (
    facility_id   int         NOT NULL,
    approval_id   uuid        NOT NULL,
    encounter_id  uuid        NOT NULL,
    matter        text        NOT NULL CHECK (matter IN ('charge_void', 'receipt_void', 'refund')),
    -- The charge, receipt or payment it is about.
    target_id     uuid        NOT NULL,
    amount_vnd    bigint      NOT NULL CHECK (amount_vnd >= 0),
    reason        text        NOT NULL CHECK (reason <> ''),
    requested_at  timestamptz NOT NULL,
    requested_by  uuid        NOT NULL,
    requester     text        NOT NULL,
    step          text        NOT NULL DEFAULT 'waiting' CHECK (step IN ('waiting', 'refused', 'approved', 'paid_out')),
    decided_at    timestamptz,
    decided_by    uuid,
    decider       text        NOT NULL DEFAULT '',
    decision_note text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, approval_id),
    CHECK (decided_by <> requested_by),
    CHECK ((step = 'waiting') = (decided_by IS NULL))
);
SELECT db_tenant_table('billing_approval');
REVOKE DELETE ON billing_approval FROM yba_app;
-- One open request per thing: a second click, or two cashiers, ask once.
CREATE UNIQUE INDEX billing_approval_open ON billing_approval (facility_id, matter, target_id) WHERE step IN ('waiting', 'approved') AND matter <> 'refund';
CREATE INDEX billing_approval_desk ON billing_approval (facility_id, step, requested_at);
CREATE INDEX billing_approval_encounter ON billing_approval (facility_id, encounter_id);
ALTER TABLE billing_approval ADD FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

-- Nothing enters or leaves a drawer that was counted and closed.
CREATE FUNCTION billing_need_open_shift() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_shift s WHERE s.facility_id = NEW.facility_id AND s.shift_id = NEW.shift_id AND s.closed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'shift % is closed', NEW.shift_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER shift_open AFTER INSERT ON billing_payment FOR EACH ROW WHEN (NEW.shift_id IS NOT NULL)
    EXECUTE FUNCTION billing_need_open_shift();
