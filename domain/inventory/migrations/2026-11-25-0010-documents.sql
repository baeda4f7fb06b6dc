-- The papers of the pharmacy: who wrote them, who approved them, what they say. Goods move only when one is approved.

CREATE TABLE inventory_supplier (
    facility_id int         NOT NULL,
    supplier_id uuid        NOT NULL,
    code        text        NOT NULL CHECK (code ~ '^[A-Z0-9.-]{1,20}$'),
    name        text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 160),
    search_folded text      NOT NULL,
    tax_code    text        NOT NULL DEFAULT '' CHECK (char_length(tax_code) <= 20),
    phone       text        NOT NULL DEFAULT '' CHECK (char_length(phone) <= 40),
    address     text        NOT NULL DEFAULT '' CHECK (char_length(address) <= 240),
    -- The certificate that allows trading in medicines.
    licence_no  text        NOT NULL DEFAULT '' CHECK (char_length(licence_no) <= 60),
    ended_on    date,
    changed_by  uuid        NOT NULL,
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (facility_id, supplier_id),
    CONSTRAINT inventory_supplier_code_once UNIQUE (facility_id, code)
);
SELECT db_tenant_table('inventory_supplier');
REVOKE DELETE ON inventory_supplier FROM yba_app;

CREATE TABLE inventory_document (
    facility_id   int         NOT NULL,
    document_id   uuid        NOT NULL,
    kind          text        NOT NULL CHECK (kind IN
        ('receipt', 'opening', 'transfer', 'issue', 'supplier_return', 'disposal', 'stocktake', 'reversal')),
    state         text        NOT NULL DEFAULT 'draft' CHECK (state IN
        ('draft', 'submitted', 'refused', 'discarded', 'approved', 'received', 'sent_back', 'reversed')),
    -- The number is given on approval, so that each run is gapless and drafts use none up.
    year          int,
    number        bigint      CHECK (number > 0),
    store_id      uuid        NOT NULL,
    to_store_id   uuid        CHECK (to_store_id <> store_id),
    supplier_id   uuid,
    room_id       uuid,
    -- The document that a reversal takes back.
    reverses      uuid,
    invoice_no    text        NOT NULL DEFAULT '' CHECK (char_length(invoice_no) <= 30),
    invoice_date  date,
    -- Discount on the invoice as a whole, before VAT.
    discount_vnd  bigint      NOT NULL DEFAULT 0 CHECK (discount_vnd BETWEEN 0 AND 1000000000000),
    -- Who sits on the committee of a disposal or a stocktake, one name a line.
    committee     text        NOT NULL DEFAULT '' CHECK (char_length(committee) <= 600),
    reason        text        NOT NULL DEFAULT '' CHECK (char_length(reason) <= 500),
    note          text        NOT NULL DEFAULT '' CHECK (char_length(note) <= 500),
    -- Value with VAT, kept when the document is submitted.
    total_vnd     bigint      NOT NULL DEFAULT 0,
    vat_vnd       bigint      NOT NULL DEFAULT 0,
    -- The day it counts for: of writing, then of approval.
    day           date        NOT NULL,
    written_at    timestamptz NOT NULL,
    author        uuid        NOT NULL,
    author_name   text        NOT NULL,
    -- Everybody who wrote on it. None of them decides about it.
    hands         uuid[]      NOT NULL,
    submitted_at  timestamptz,
    decided_at    timestamptz,
    decider       uuid,
    decider_name  text        NOT NULL DEFAULT '',
    decision_note text        NOT NULL DEFAULT '' CHECK (char_length(decision_note) <= 500),
    -- When a transfer was taken in (or went back), and by whom.
    arrived_at    timestamptz,
    arrived_by    uuid,
    arrived_name  text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, document_id),
    CHECK ((number IS NULL) = (state IN ('draft', 'submitted', 'refused', 'discarded'))),
    CHECK ((year IS NULL) = (number IS NULL)),
    CONSTRAINT inventory_document_two_people CHECK (decider IS NULL OR NOT decider = ANY (hands)),
    CONSTRAINT inventory_document_number_once UNIQUE (facility_id, kind, year, number)
);
SELECT db_tenant_table('inventory_document');
REVOKE DELETE ON inventory_document FROM yba_app;
CREATE INDEX inventory_document_day ON inventory_document (facility_id, day, document_id);
CREATE INDEX inventory_document_kind ON inventory_document (facility_id, kind, day, document_id);
CREATE INDEX inventory_document_open ON inventory_document (facility_id, document_id) WHERE state IN ('draft', 'submitted', 'refused');
-- One invoice of one supplier is entered once, whatever letters it was typed in.
CREATE UNIQUE INDEX inventory_document_invoice_once ON inventory_document (facility_id, supplier_id, upper(invoice_no))
    WHERE kind = 'receipt' AND invoice_no <> '' AND state NOT IN ('discarded', 'reversed');
-- A store is counted once at a time.
CREATE UNIQUE INDEX inventory_document_one_count ON inventory_document (facility_id, store_id)
    WHERE kind = 'stocktake' AND state IN ('draft', 'submitted', 'refused');
-- A document is taken back once.
CREATE UNIQUE INDEX inventory_document_reversed_once ON inventory_document (facility_id, reverses)
    WHERE reverses IS NOT NULL AND state NOT IN ('discarded', 'refused');
CREATE INDEX inventory_document_on_the_way ON inventory_document (facility_id, to_store_id) WHERE kind = 'transfer' AND state = 'approved';
ALTER TABLE inventory_document ADD FOREIGN KEY (facility_id, store_id) REFERENCES inventory_store (facility_id, store_id);
ALTER TABLE inventory_document ADD FOREIGN KEY (facility_id, to_store_id) REFERENCES inventory_store (facility_id, store_id);
ALTER TABLE inventory_document ADD FOREIGN KEY (facility_id, supplier_id) REFERENCES inventory_supplier (facility_id, supplier_id);
ALTER TABLE inventory_document ADD FOREIGN KEY (facility_id, room_id) REFERENCES organization_room (facility_id, room_id);
ALTER TABLE inventory_document ADD FOREIGN KEY (facility_id, reverses) REFERENCES inventory_document (facility_id, document_id);

CREATE TABLE inventory_document_line (
    facility_id    int    NOT NULL,
    document_id    uuid   NOT NULL,
    line_id        uuid   NOT NULL,
    position       int    NOT NULL,
    item_id        uuid   NOT NULL,
    -- Known for goods that leave; for goods that arrive, once they are on the books.
    lot_id         uuid,
    lot_no         text   NOT NULL CHECK (char_length(lot_no) BETWEEN 1 AND 40),
    expires        date   NOT NULL,
    -- As it stands on the invoice: so many packs of so many dispensing units.
    unit           text   NOT NULL,
    factor         bigint NOT NULL CHECK (factor BETWEEN 1 AND 1000000),
    quantity_milli bigint NOT NULL CHECK (quantity_milli BETWEEN 1 AND 1000000000000),
    -- Price of one pack before VAT, in hundredths of a đồng.
    price_cents    bigint NOT NULL DEFAULT 0 CHECK (price_cents BETWEEN 0 AND 100000000000000),
    discount_vnd   bigint NOT NULL DEFAULT 0 CHECK (discount_vnd BETWEEN 0 AND 1000000000000),
    vat_percent    int    NOT NULL DEFAULT 0 CHECK (vat_percent IN (0, 5, 8, 10)),
    -- What the lot costs with its share of discount and VAT.
    cost_vnd       bigint NOT NULL DEFAULT 0 CHECK (cost_vnd BETWEEN 0 AND 1000000000000),
    reason         text   NOT NULL DEFAULT '' CHECK (char_length(reason) <= 200),
    PRIMARY KEY (facility_id, document_id, line_id)
);
SELECT db_tenant_table('inventory_document_line');
ALTER TABLE inventory_document_line ADD FOREIGN KEY (facility_id, document_id) REFERENCES inventory_document (facility_id, document_id);
ALTER TABLE inventory_document_line ADD FOREIGN KEY (facility_id, item_id) REFERENCES organization_drug (facility_id, drug_id);
ALTER TABLE inventory_document_line ADD FOREIGN KEY (facility_id, lot_id, item_id) REFERENCES inventory_lot (facility_id, lot_id, item_id);

-- What was approved is never rewritten: only a draft's lines change, and on approval the lot is filled in.
CREATE FUNCTION inventory_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    row inventory_document_line := coalesce(NEW, OLD);
    found text;
BEGIN
    SELECT state INTO found FROM inventory_document WHERE facility_id = row.facility_id AND document_id = row.document_id;
    IF found IN ('draft', 'refused') OR (TG_OP = 'UPDATE' AND found = 'submitted') THEN
        RETURN row;
    END IF;
    RAISE EXCEPTION 'the lines of document % are closed', row.document_id USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON inventory_document_line FOR EACH ROW EXECUTE FUNCTION inventory_line_guard();

-- The last number of each run; the row's lock keeps the run without gaps.
CREATE TABLE inventory_document_number (
    facility_id int    NOT NULL,
    kind        text   NOT NULL,
    year        int    NOT NULL,
    last_number bigint NOT NULL CHECK (last_number > 0),
    PRIMARY KEY (facility_id, kind, year)
);
SELECT db_tenant_table('inventory_document_number');

-- Every step of a document: who did what, when.
CREATE TABLE inventory_document_step (
    facility_id int         NOT NULL,
    document_id uuid        NOT NULL,
    step_id     uuid        NOT NULL,
    state       text        NOT NULL,
    note        text        NOT NULL DEFAULT '',
    at          timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    PRIMARY KEY (facility_id, document_id, step_id)
);
SELECT db_tenant_table('inventory_document_step');
SELECT db_append_only('inventory_document_step');
ALTER TABLE inventory_document_step ADD FOREIGN KEY (facility_id, document_id) REFERENCES inventory_document (facility_id, document_id);

ALTER TABLE inventory_lot ADD FOREIGN KEY (facility_id, supplier_id) REFERENCES inventory_supplier (facility_id, supplier_id);
