-- Batches of goods: number, expiry, what they cost, whether they may be given.

-- Numbers of lot labels, gapless for each facility.
CREATE TABLE inventory_label_number (
    facility_id int    PRIMARY KEY,
    last_number bigint NOT NULL
);
SELECT db_tenant_table('inventory_label_number');

CREATE TABLE inventory_lot (
    facility_id int         NOT NULL,
    lot_id      uuid        NOT NULL,
    item_id     uuid        NOT NULL,
    -- The maker's batch number as printed on the box.
    lot_no      text        NOT NULL CHECK (char_length(lot_no) BETWEEN 1 AND 40),
    -- The last day on which it may be given, in Vietnam.
    expires     date        NOT NULL,
    -- So many đồng (VAT included) for so many thousandths of the dispensing unit: exact, where a price per tablet is not.
    cost_vnd    bigint      NOT NULL CHECK (cost_vnd BETWEEN 0 AND 1000000000000),
    cost_milli  bigint      NOT NULL CHECK (cost_milli BETWEEN 1 AND 1000000000000),
    supplier_id uuid,
    -- The number on our own label.
    label_no    bigint      NOT NULL,
    blocked     boolean     NOT NULL DEFAULT false,
    created_by  uuid        NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (facility_id, lot_id),
    -- The item belongs to the key that movements point at: a lot can never be booked as another item.
    UNIQUE (facility_id, lot_id, item_id),
    CONSTRAINT inventory_lot_label_once UNIQUE (facility_id, label_no)
);
SELECT db_tenant_table('inventory_lot');
REVOKE UPDATE, DELETE ON inventory_lot FROM yba_app;
-- Only the block may change; number, expiry and cost stay as received. A wrong one is reversed and received anew.
GRANT UPDATE (blocked) ON inventory_lot TO yba_app;
CREATE INDEX inventory_lot_item ON inventory_lot (facility_id, item_id, expires);
CREATE UNIQUE INDEX inventory_lot_same ON inventory_lot (facility_id, item_id, lot_no, expires, cost_vnd, cost_milli, coalesce(supplier_id, '00000000-0000-0000-0000-000000000000'));
ALTER TABLE inventory_lot ADD FOREIGN KEY (facility_id, item_id) REFERENCES inventory_item (facility_id, item_id);

-- Every block and release: who, when, why. Never changed.
CREATE TABLE inventory_lot_block (
    facility_id int         NOT NULL,
    block_id    uuid        NOT NULL,
    lot_id      uuid        NOT NULL,
    blocked     boolean     NOT NULL,
    -- Why: a recall by the authority or the maker, a broken cold chain, a doubt; or why it is free again.
    cause       text        NOT NULL CHECK (cause IN ('recall', 'quality', 'storage', 'other', 'cleared')),
    reason      text        NOT NULL CHECK (char_length(reason) BETWEEN 5 AND 500),
    -- The paper that asked for it, e.g. "CV 1234/QLD-CL".
    paper       text        NOT NULL DEFAULT '' CHECK (char_length(paper) <= 100),
    at          timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    PRIMARY KEY (facility_id, block_id, lot_id)
);
SELECT db_tenant_table('inventory_lot_block');
SELECT db_append_only('inventory_lot_block');
CREATE INDEX inventory_lot_block_lot ON inventory_lot_block (facility_id, lot_id, at);
ALTER TABLE inventory_lot_block ADD FOREIGN KEY (facility_id, lot_id) REFERENCES inventory_lot (facility_id, lot_id);

-- What lay where at that moment: where to go and fetch it, and the place in each shelf's ledger after which nothing
-- of the lot was given.
CREATE TABLE inventory_lot_block_place (
    facility_id   int    NOT NULL,
    block_id      uuid   NOT NULL,
    lot_id        uuid   NOT NULL,
    store_id      uuid   NOT NULL,
    quantity_milli bigint NOT NULL,
    after_seq     bigint NOT NULL,
    PRIMARY KEY (facility_id, block_id, lot_id, store_id)
);
SELECT db_tenant_table('inventory_lot_block_place');
SELECT db_append_only('inventory_lot_block_place');
ALTER TABLE inventory_lot_block_place ADD FOREIGN KEY (facility_id, block_id, lot_id) REFERENCES inventory_lot_block (facility_id, block_id, lot_id);
