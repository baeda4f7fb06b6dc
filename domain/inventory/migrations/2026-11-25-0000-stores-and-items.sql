-- Where goods lie and what is kept there.

CREATE TABLE inventory_store (
    facility_id     int         NOT NULL,
    store_id        uuid        NOT NULL,
    code            text        NOT NULL CHECK (code ~ '^[A-Z0-9-]{1,12}$'),
    name            text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 80),
    kind            text        NOT NULL CHECK (kind IN ('main', 'counter', 'cabinet')),
    -- Patients are served from here: what lies here counts as the pharmacy's offer.
    serves_patients boolean     NOT NULL,
    room_id         uuid,
    active_from     date        NOT NULL,
    active_to       date        CHECK (active_to >= active_from),
    changed_by      uuid        NOT NULL,
    changed_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, store_id),
    CONSTRAINT inventory_store_code_once UNIQUE (facility_id, code)
);
SELECT db_tenant_table('inventory_store');
REVOKE DELETE ON inventory_store FROM yba_app;
ALTER TABLE inventory_store ADD FOREIGN KEY (facility_id, room_id) REFERENCES organization_room (facility_id, room_id);

-- A drug of the facility's list that is kept in stock. Its name, unit and controlled class stay where they are:
-- in organization_drug; the item has the drug's id.
CREATE TABLE inventory_item (
    facility_id int         NOT NULL,
    item_id     uuid        NOT NULL,
    -- In thousandths of the dispensing unit, over all stores together; NULL: nobody asked to be warned.
    min_milli   bigint      CHECK (min_milli BETWEEN 0 AND 1000000000000),
    max_milli   bigint      CHECK (max_milli BETWEEN 1 AND 1000000000000),
    kept_from   date        NOT NULL,
    kept_to     date        CHECK (kept_to >= kept_from),
    changed_by  uuid        NOT NULL,
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (facility_id, item_id),
    CHECK (max_milli > min_milli)
);
SELECT db_tenant_table('inventory_item');
REVOKE DELETE ON inventory_item FROM yba_app;
ALTER TABLE inventory_item ADD FOREIGN KEY (facility_id, item_id) REFERENCES organization_drug (facility_id, drug_id);

-- The larger packs of an item, each a whole number of dispensing units: hộp = 100 viên, vỉ = 10 viên. A pack whose
-- content changes is ended and a new one begun, so that old papers keep their meaning.
CREATE TABLE inventory_pack (
    facility_id int         NOT NULL,
    pack_id     uuid        NOT NULL,
    item_id     uuid        NOT NULL,
    name        text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 30),
    factor      bigint      NOT NULL CHECK (factor BETWEEN 2 AND 1000000),
    ended_at    timestamptz,
    changed_by  uuid        NOT NULL,
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (facility_id, pack_id)
);
SELECT db_tenant_table('inventory_pack');
REVOKE DELETE ON inventory_pack FROM yba_app;
CREATE UNIQUE INDEX inventory_pack_name_once ON inventory_pack (facility_id, item_id, name) WHERE ended_at IS NULL;
ALTER TABLE inventory_pack ADD FOREIGN KEY (facility_id, item_id) REFERENCES inventory_item (facility_id, item_id);

-- The maker's barcodes, of the single unit as well as of packs; one code names one thing.
CREATE TABLE inventory_barcode (
    facility_id int         NOT NULL,
    barcode     text        NOT NULL CHECK (char_length(barcode) BETWEEN 4 AND 64),
    item_id     uuid        NOT NULL,
    -- Dispensing units in what carries the code.
    factor      bigint      NOT NULL DEFAULT 1 CHECK (factor BETWEEN 1 AND 1000000),
    learned_by  uuid        NOT NULL,
    learned_at  timestamptz NOT NULL,
    PRIMARY KEY (facility_id, barcode)
);
SELECT db_tenant_table('inventory_barcode');
CREATE INDEX inventory_barcode_item ON inventory_barcode (facility_id, item_id);
ALTER TABLE inventory_barcode ADD FOREIGN KEY (facility_id, item_id) REFERENCES inventory_item (facility_id, item_id);
