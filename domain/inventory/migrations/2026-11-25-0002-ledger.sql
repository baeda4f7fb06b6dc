-- The stock ledger: every movement of goods, once, for ever; and what it adds up to.

-- One item in one store. Its row is the lock under which everything about that item in that store happens, and the
-- counter that gives the movements their order on the stock card.
CREATE TABLE inventory_shelf (
    facility_id    int    NOT NULL,
    store_id       uuid   NOT NULL,
    item_id        uuid   NOT NULL,
    quantity_milli bigint NOT NULL DEFAULT 0 CONSTRAINT inventory_shelf_not_negative CHECK (quantity_milli >= 0),
    last_seq       bigint NOT NULL DEFAULT 0,
    -- When to fill up from the main store, and how far; in thousandths.
    min_milli      bigint CHECK (min_milli BETWEEN 0 AND 1000000000000),
    max_milli      bigint CHECK (max_milli BETWEEN 1 AND 1000000000000),
    PRIMARY KEY (facility_id, store_id, item_id),
    CHECK (max_milli > min_milli)
) WITH (fillfactor = 60);
SELECT db_tenant_table('inventory_shelf');
CREATE INDEX inventory_shelf_item ON inventory_shelf (facility_id, item_id);
ALTER TABLE inventory_shelf ADD FOREIGN KEY (facility_id, store_id) REFERENCES inventory_store (facility_id, store_id);
ALTER TABLE inventory_shelf ADD FOREIGN KEY (facility_id, item_id) REFERENCES inventory_item (facility_id, item_id);

-- One lot in one store.
CREATE TABLE inventory_balance (
    facility_id    int    NOT NULL,
    store_id       uuid   NOT NULL,
    item_id        uuid   NOT NULL,
    lot_id         uuid   NOT NULL,
    quantity_milli bigint NOT NULL CONSTRAINT inventory_balance_not_negative CHECK (quantity_milli >= 0),
    PRIMARY KEY (facility_id, store_id, item_id, lot_id)
) WITH (fillfactor = 60);
SELECT db_tenant_table('inventory_balance');
CREATE INDEX inventory_balance_lot ON inventory_balance (facility_id, lot_id);
ALTER TABLE inventory_balance ADD FOREIGN KEY (facility_id, lot_id, item_id) REFERENCES inventory_lot (facility_id, lot_id, item_id);

-- Both sums are written by the ledger alone; the application may open an empty shelf, set its warnings, and lock it.
REVOKE INSERT, UPDATE, DELETE ON inventory_shelf, inventory_balance FROM yba_app;
GRANT INSERT (facility_id, store_id, item_id, min_milli, max_milli), UPDATE (min_milli, max_milli) ON inventory_shelf TO yba_app;

CREATE TABLE inventory_movement (
    facility_id    int         NOT NULL,
    movement_id    uuid        NOT NULL,
    store_id       uuid        NOT NULL,
    item_id        uuid        NOT NULL,
    lot_id         uuid        NOT NULL,
    -- Its place on the card of this item in this store: 1, 2, 3 …
    seq            bigint      NOT NULL,
    -- Signed: what came in is positive.
    quantity_milli bigint      NOT NULL CHECK (quantity_milli BETWEEN -1000000000000 AND 1000000000000),
    -- What then lay on the shelf, all lots together, and of this lot.
    shelf_milli    bigint      NOT NULL CHECK (shelf_milli >= 0),
    lot_milli      bigint      NOT NULL CHECK (lot_milli >= 0),
    -- Signed value by the lot's cost. The values of a lot in a store add up to the value of what is left, to the đồng.
    cost_vnd       bigint      NOT NULL,
    kind           text        NOT NULL,
    document_id    uuid        NOT NULL,
    line_id        uuid        NOT NULL,
    -- As people call the document, e.g. "PN26/000123"; '' for a dispense.
    document_no    text        NOT NULL DEFAULT '' CHECK (char_length(document_no) <= 40),
    -- The movement that this one takes back.
    reverses       uuid,
    -- The dispense whose goods come back.
    returns_of     uuid,
    patient_id     uuid,
    reason         text        NOT NULL DEFAULT '' CHECK (char_length(reason) <= 500),
    at             timestamptz NOT NULL,
    by_account     uuid        NOT NULL,
    by_name        text        NOT NULL,
    -- The second person who answers for it; never the first.
    second_account uuid        CHECK (second_account <> by_account),
    second_name    text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, movement_id),
    CONSTRAINT inventory_movement_seq_once UNIQUE (facility_id, store_id, item_id, seq),
    CONSTRAINT inventory_movement_line_once UNIQUE (facility_id, document_id, line_id, kind, store_id, lot_id),
    CHECK ((kind = 'reversal') = (reverses IS NOT NULL)),
    CHECK ((kind = 'return') = (returns_of IS NOT NULL)),
    CONSTRAINT inventory_movement_sign CHECK (CASE
        WHEN kind IN ('opening', 'receipt', 'transfer_in', 'return') THEN quantity_milli > 0
        WHEN kind IN ('issue', 'transfer_out', 'dispense', 'supplier_return', 'disposal') THEN quantity_milli < 0
        WHEN kind IN ('stocktake', 'reversal') THEN quantity_milli <> 0
        ELSE false END)
);
SELECT db_tenant_table('inventory_movement');
SELECT db_append_only('inventory_movement');
CREATE UNIQUE INDEX inventory_movement_reversed_once ON inventory_movement (facility_id, reverses) WHERE reverses IS NOT NULL;
CREATE INDEX inventory_movement_patients ON inventory_movement (facility_id, lot_id, at) WHERE patient_id IS NOT NULL;
CREATE INDEX inventory_movement_returns ON inventory_movement (facility_id, returns_of) WHERE returns_of IS NOT NULL;
CREATE INDEX inventory_movement_at ON inventory_movement (facility_id, at);
ALTER TABLE inventory_movement ADD FOREIGN KEY (facility_id, store_id) REFERENCES inventory_store (facility_id, store_id);
ALTER TABLE inventory_movement ADD FOREIGN KEY (facility_id, lot_id, item_id) REFERENCES inventory_lot (facility_id, lot_id, item_id);
ALTER TABLE inventory_movement ADD FOREIGN KEY (facility_id, reverses) REFERENCES inventory_movement (facility_id, movement_id);

-- Books one movement: numbers it, carries both balances forward, values it. Runs as the owner, because the
-- application itself may not touch the balances. It is also the last wall: whatever program wrote the row, nothing
-- expired or blocked goes to a patient, a ward or another store, and a controlled drug moves by documents of two people.
CREATE FUNCTION inventory_book() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    l record;
    taken_back record;
BEGIN
    UPDATE inventory_shelf s SET quantity_milli = s.quantity_milli + NEW.quantity_milli, last_seq = s.last_seq + 1
    WHERE s.facility_id = NEW.facility_id AND s.store_id = NEW.store_id AND s.item_id = NEW.item_id
    RETURNING s.last_seq, s.quantity_milli INTO NEW.seq, NEW.shelf_milli;
    IF NOT FOUND THEN
        INSERT INTO inventory_shelf (facility_id, store_id, item_id, quantity_milli, last_seq)
        VALUES (NEW.facility_id, NEW.store_id, NEW.item_id, NEW.quantity_milli, 1);
        NEW.seq := 1;
        NEW.shelf_milli := NEW.quantity_milli;
    END IF;
    UPDATE inventory_balance b SET quantity_milli = b.quantity_milli + NEW.quantity_milli
    WHERE b.facility_id = NEW.facility_id AND b.store_id = NEW.store_id AND b.item_id = NEW.item_id AND b.lot_id = NEW.lot_id
    RETURNING b.quantity_milli INTO NEW.lot_milli;
    IF NOT FOUND THEN
        INSERT INTO inventory_balance (facility_id, store_id, item_id, lot_id, quantity_milli)
        VALUES (NEW.facility_id, NEW.store_id, NEW.item_id, NEW.lot_id, NEW.quantity_milli);
        NEW.lot_milli := NEW.quantity_milli;
    END IF;
    -- Read after the shelf is locked: a recall holds the same lock while it blocks.
    SELECT t.expires, t.blocked, t.cost_vnd, t.cost_milli, d.controlled_class INTO STRICT l
    FROM inventory_lot t JOIN organization_drug d ON d.facility_id = t.facility_id AND d.drug_id = t.item_id
    WHERE t.facility_id = NEW.facility_id AND t.lot_id = NEW.lot_id;
    IF NEW.kind IN ('dispense', 'issue', 'transfer_out')
       AND (l.blocked OR l.expires < (NEW.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) THEN
        RAISE EXCEPTION 'lot % is blocked or expired', NEW.lot_id USING ERRCODE = 'check_violation', CONSTRAINT = 'inventory_lot_usable';
    END IF;
    IF l.controlled_class <> 'none' AND NEW.second_account IS NULL AND NEW.kind NOT IN ('dispense', 'return') THEN
        RAISE EXCEPTION 'a controlled drug needs a second signer' USING ERRCODE = 'check_violation', CONSTRAINT = 'inventory_two_signers';
    END IF;
    IF NEW.reverses IS NOT NULL THEN
        SELECT m.store_id, m.lot_id, m.quantity_milli INTO STRICT taken_back FROM inventory_movement m
        WHERE m.facility_id = NEW.facility_id AND m.movement_id = NEW.reverses;
        IF (taken_back.store_id, taken_back.lot_id, -taken_back.quantity_milli) IS DISTINCT FROM (NEW.store_id, NEW.lot_id, NEW.quantity_milli) THEN
            RAISE EXCEPTION 'a reversal takes back exactly one movement' USING ERRCODE = 'check_violation', CONSTRAINT = 'inventory_reversal_exact';
        END IF;
    END IF;
    -- Differences of rounded running values, so that an emptied lot is worth exactly nothing.
    NEW.cost_vnd := round(NEW.lot_milli::numeric * l.cost_vnd / l.cost_milli)
                  - round((NEW.lot_milli - NEW.quantity_milli)::numeric * l.cost_vnd / l.cost_milli);
    RETURN NEW;
END $$;
CREATE TRIGGER inventory_book BEFORE INSERT ON inventory_movement FOR EACH ROW EXECUTE FUNCTION inventory_book();

-- Controlled drugs given to patients get their second signature after the fact: the row of the ledger stands, the
-- signature is a row of its own.
CREATE TABLE inventory_countersignature (
    facility_id int         NOT NULL,
    movement_id uuid        NOT NULL,
    at          timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    PRIMARY KEY (facility_id, movement_id)
);
SELECT db_tenant_table('inventory_countersignature');
SELECT db_append_only('inventory_countersignature');
ALTER TABLE inventory_countersignature ADD FOREIGN KEY (facility_id, movement_id) REFERENCES inventory_movement (facility_id, movement_id);
