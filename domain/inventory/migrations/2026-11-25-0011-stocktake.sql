-- Counting a store: what the books said when the sheet was frozen, what two people counted, why it differs.

CREATE TABLE inventory_count_line (
    facility_id  int    NOT NULL,
    document_id  uuid   NOT NULL,
    line_id      uuid   NOT NULL,
    position     int    NOT NULL,
    item_id      uuid   NOT NULL,
    lot_id       uuid   NOT NULL,
    frozen_milli bigint NOT NULL CHECK (frozen_milli >= 0),
    -- Why count and books differ.
    reason       text   NOT NULL DEFAULT '' CHECK (char_length(reason) <= 200),
    PRIMARY KEY (facility_id, document_id, line_id),
    CONSTRAINT inventory_count_line_lot_once UNIQUE (facility_id, document_id, lot_id)
);
SELECT db_tenant_table('inventory_count_line');
REVOKE DELETE ON inventory_count_line FROM yba_app;
ALTER TABLE inventory_count_line ADD FOREIGN KEY (facility_id, document_id) REFERENCES inventory_document (facility_id, document_id);
ALTER TABLE inventory_count_line ADD FOREIGN KEY (facility_id, lot_id, item_id) REFERENCES inventory_lot (facility_id, lot_id, item_id);

-- Every count that was written down; the last one of each round holds. The books keep moving while people count, so
-- each count remembers what the books said at that very moment: the difference stays true whatever moves later.
CREATE TABLE inventory_count (
    facility_id   int         NOT NULL,
    document_id   uuid        NOT NULL,
    line_id       uuid        NOT NULL,
    count_id      uuid        NOT NULL,
    round         int         NOT NULL CHECK (round IN (1, 2)),
    counted_milli bigint      NOT NULL CHECK (counted_milli BETWEEN 0 AND 1000000000000),
    book_milli    bigint      NOT NULL CHECK (book_milli >= 0),
    at            timestamptz NOT NULL,
    by_account    uuid        NOT NULL,
    by_name       text        NOT NULL,
    PRIMARY KEY (facility_id, document_id, line_id, count_id)
);
SELECT db_tenant_table('inventory_count');
SELECT db_append_only('inventory_count');
ALTER TABLE inventory_count ADD FOREIGN KEY (facility_id, document_id, line_id) REFERENCES inventory_count_line (facility_id, document_id, line_id);
