-- What is kept aside for a prescription. A hold ends by itself: whoever reads compares `until` with the clock.

CREATE TABLE inventory_hold (
    facility_id     int         NOT NULL,
    prescription_id uuid        NOT NULL,
    line_id         uuid        NOT NULL,
    item_id         uuid        NOT NULL,
    quantity_milli  bigint      NOT NULL CHECK (quantity_milli > 0),
    -- What is still kept aside.
    open_milli      bigint      NOT NULL CHECK (open_milli BETWEEN 0 AND quantity_milli),
    until           timestamptz NOT NULL,
    placed_at       timestamptz NOT NULL,
    PRIMARY KEY (facility_id, prescription_id, line_id)
);
SELECT db_tenant_table('inventory_hold');
REVOKE DELETE ON inventory_hold FROM yba_app;
CREATE INDEX inventory_hold_open ON inventory_hold (facility_id, item_id, until) WHERE open_milli > 0;

-- What became of the prescription, kept apart because its events may come in any order.
CREATE TABLE inventory_hold_paper (
    facility_id     int         NOT NULL,
    prescription_id uuid        NOT NULL,
    paid_at         timestamptz,
    freed_at        timestamptz,
    PRIMARY KEY (facility_id, prescription_id)
);
SELECT db_tenant_table('inventory_hold_paper');
REVOKE DELETE ON inventory_hold_paper FROM yba_app;
