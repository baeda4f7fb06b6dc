-- Money that goes from one cashier's drawer to another's: written when a shift closes, true once the receiver has counted it and
-- said so under their own sign-in.
CREATE TABLE billing_handover (
    facility_id  int         NOT NULL,
    handover_id  uuid        NOT NULL,
    from_shift   uuid        NOT NULL,
    from_account uuid        NOT NULL,
    from_name    text        NOT NULL,
    to_account   uuid        NOT NULL,
    to_name      text        NOT NULL,
    amount_vnd   bigint      NOT NULL CHECK (amount_vnd > 0),
    given_at     timestamptz NOT NULL,
    step         text        NOT NULL DEFAULT 'waiting' CHECK (step IN ('waiting', 'accepted', 'declined')),
    to_shift     uuid,
    decided_at   timestamptz,
    -- What the receiver counted; another sum than was given is declined with both numbers on record.
    counted_vnd  bigint      CHECK (counted_vnd >= 0),
    note         text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, handover_id),
    UNIQUE (facility_id, from_shift),
    CHECK (to_account <> from_account),
    CHECK ((step = 'waiting') = (decided_at IS NULL)),
    CHECK ((step = 'accepted') = (to_shift IS NOT NULL)),
    CHECK (step <> 'accepted' OR counted_vnd = amount_vnd),
    CHECK (step <> 'declined' OR note <> '')
);
SELECT db_tenant_table('billing_handover');
REVOKE DELETE ON billing_handover FROM yba_app;
CREATE INDEX billing_handover_waiting ON billing_handover (facility_id, to_account) WHERE step = 'waiting';
CREATE INDEX billing_handover_to_shift ON billing_handover (facility_id, to_shift) WHERE to_shift IS NOT NULL;
ALTER TABLE billing_handover ADD FOREIGN KEY (facility_id, from_shift) REFERENCES billing_shift (facility_id, shift_id);
ALTER TABLE billing_handover ADD FOREIGN KEY (facility_id, to_shift) REFERENCES billing_shift (facility_id, shift_id);

-- Money enters only a drawer that is still open.
CREATE FUNCTION billing_accept_into_open_shift() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.step <> 'waiting' THEN
        RAISE EXCEPTION 'handover % is decided', OLD.handover_id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.to_shift IS NOT NULL AND EXISTS (
        SELECT FROM billing_shift s WHERE s.facility_id = NEW.facility_id AND s.shift_id = NEW.to_shift AND s.closed_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'shift % is closed', NEW.to_shift USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER decided AFTER UPDATE ON billing_handover FOR EACH ROW EXECUTE FUNCTION billing_accept_into_open_shift();
