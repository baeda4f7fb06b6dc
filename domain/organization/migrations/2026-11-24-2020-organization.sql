-- The facility, its rooms, what it offers and at what price. Every period is a pair of calendar days, the last
-- day included; an open end is NULL. Rows in use are end-dated, never deleted, so that old papers still resolve.

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE organization_facility (
    facility_id   int PRIMARY KEY,
    -- The code people type when they sign in, e.g. 'an-tam'; official codes with their dates lie in organization_facility_code.
    code          text NOT NULL UNIQUE,
    name          text NOT NULL,
    short_name    text NOT NULL,
    legal_name    text NOT NULL DEFAULT '',
    governing_body text NOT NULL DEFAULT '',        -- "Sở Y tế tỉnh Vĩnh Long", printed above the name
    address       text NOT NULL DEFAULT '',
    commune_code  text,
    phone         text NOT NULL DEFAULT '',
    email         text NOT NULL DEFAULT '',
    licence_no    text NOT NULL DEFAULT '',         -- operating licence (giấy phép hoạt động)
    head_name     text NOT NULL DEFAULT '',         -- person answerable for professional matters
    tax_code      text NOT NULL DEFAULT '',
    bank_bin      text NOT NULL DEFAULT '' CHECK (bank_bin ~ '^([0-9]{6})?$'),
    bank_account  text NOT NULL DEFAULT '',
    bank_holder   text NOT NULL DEFAULT '',
    package       text NOT NULL DEFAULT 'BASIC' CHECK (package IN ('BASIC', 'STANDARD', 'PREMIUM1', 'PREMIUM2')),
    package_from  date NOT NULL DEFAULT DATE '2026-01-01',
    package_to    date CHECK (package_to >= package_from),
    -- What papers carry besides name, address and phone: {"slogan", "hours", "footer", "logo_svg"}.
    print_header  jsonb NOT NULL DEFAULT '{}',
    -- Switches that only steer what happens next, e.g. {"pay_first": true}.
    settings      jsonb NOT NULL DEFAULT '{}',
    changed_by    uuid,
    changed_at    timestamptz NOT NULL DEFAULT now()
);
SELECT db_tenant_table('organization_facility');

-- A facility has several official codes over time: the 5-character examination code ('kcb'), the national
-- e-prescription identifier ('rx') and others.
CREATE TABLE organization_facility_code (
    facility_id int NOT NULL,
    system      text NOT NULL CHECK (system ~ '^[a-z_]{2,20}$'),
    code        text NOT NULL CHECK (code <> ''),
    valid_from  date NOT NULL,
    valid_to    date CHECK (valid_to >= valid_from),
    PRIMARY KEY (facility_id, system, valid_from),
    CONSTRAINT organization_facility_code_once EXCLUDE USING gist
        (facility_id WITH =, system WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
SELECT db_tenant_table('organization_facility_code');
ALTER TABLE organization_facility_code ADD FOREIGN KEY (facility_id) REFERENCES organization_facility (facility_id);

CREATE TABLE organization_room (
    facility_id int NOT NULL,
    room_id     uuid NOT NULL,
    code        text NOT NULL CHECK (code <> ''),
    name        text NOT NULL CHECK (name <> ''),
    short_name  text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('exam', 'lab', 'imaging', 'procedure', 'cashier', 'reception', 'pharmacy')),
    department  text NOT NULL DEFAULT '',
    active_from date NOT NULL,
    active_to   date CHECK (active_to >= active_from),
    changed_by  uuid,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (facility_id, room_id),
    CONSTRAINT organization_room_code_once UNIQUE (facility_id, code)
);
SELECT db_tenant_table('organization_room');
ALTER TABLE organization_room ADD FOREIGN KEY (facility_id) REFERENCES organization_facility (facility_id);

CREATE TABLE organization_service (
    facility_id   int NOT NULL,
    service_id    uuid NOT NULL,
    code          text NOT NULL CHECK (code <> ''),
    name          text NOT NULL CHECK (name <> ''),
    name_folded   text NOT NULL,
    -- Other words people type for it, e.g. "ctm, công thức máu".
    aliases       text NOT NULL DEFAULT '',
    -- Code, name, initials and aliases folded, each word after a space: what the search box looks in.
    search_folded text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('exam', 'lab', 'imaging', 'procedure', 'other')),
    room_id       uuid,                              -- where it is usually done
    unit          text NOT NULL DEFAULT 'lần',
    national_code text NOT NULL DEFAULT '',          -- equivalent code of the Ministry's list (QĐ 7603 and later)
    specimen      text NOT NULL DEFAULT '',          -- "máu EDTA 2 ml"
    preparation   text NOT NULL DEFAULT '',          -- "nhịn ăn từ 6 giờ"
    active_from   date NOT NULL,
    active_to     date CHECK (active_to >= active_from),
    changed_by    uuid,
    changed_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (facility_id, service_id),
    CONSTRAINT organization_service_code_once UNIQUE (facility_id, code)
);
SELECT db_tenant_table('organization_service');
ALTER TABLE organization_service ADD FOREIGN KEY (facility_id, room_id) REFERENCES organization_room (facility_id, room_id);

-- The price for self-payers, in đồng, from one day to another. Two prices never hold on the same day.
CREATE TABLE organization_service_price (
    facility_id int NOT NULL,
    service_id  uuid NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date CHECK (valid_to >= valid_from),
    price_vnd   bigint NOT NULL CHECK (price_vnd BETWEEN 0 AND 1000000000000),
    set_by      uuid,
    set_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (facility_id, service_id, valid_from),
    CONSTRAINT organization_service_price_once EXCLUDE USING gist
        (facility_id WITH =, service_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
SELECT db_tenant_table('organization_service_price');
ALTER TABLE organization_service_price ADD FOREIGN KEY (facility_id, service_id) REFERENCES organization_service (facility_id, service_id);

CREATE TABLE organization_drug (
    facility_id       int NOT NULL,
    drug_id           uuid NOT NULL,
    code              text NOT NULL CHECK (code <> ''),
    ingredient        text NOT NULL,                 -- active ingredient(s) as on the licence, joined by " + "
    ingredient_folded text NOT NULL,
    name              text NOT NULL CHECK (name <> ''),
    name_folded       text NOT NULL,
    search_folded     text NOT NULL,
    strength          text NOT NULL DEFAULT '',      -- "500 mg"
    form              text NOT NULL DEFAULT '',      -- "viên nén bao phim"
    unit              text NOT NULL CHECK (unit <> ''), -- the unit that is dispensed and priced: "viên", "chai", "ống"
    -- One dispensing unit holds so many thousandths of pack_unit: a 60 ml bottle is (60000, 'ml'); NULL for a tablet.
    pack_size_milli   bigint CHECK (pack_size_milli > 0),
    pack_unit         text NOT NULL DEFAULT '',
    route             text NOT NULL DEFAULT '',      -- "uống"
    route_code        text NOT NULL DEFAULT '',      -- code of the insurance route list, e.g. '1.01'
    registration_no   text NOT NULL DEFAULT '',
    national_ingredient_code text NOT NULL DEFAULT '', -- e.g. '40.30'
    controlled_class  text NOT NULL DEFAULT 'none'
        CHECK (controlled_class IN ('none', 'narcotic', 'psychotropic', 'precursor', 'toxic')),
    usage_note        text NOT NULL DEFAULT '',      -- usual "cách dùng" the owner wants to be offered
    active_from       date NOT NULL,
    active_to         date CHECK (active_to >= active_from),
    changed_by        uuid,
    changed_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (facility_id, drug_id),
    CONSTRAINT organization_drug_code_once UNIQUE (facility_id, code),
    CHECK ((pack_size_milli IS NULL) = (pack_unit = ''))
);
SELECT db_tenant_table('organization_drug');
ALTER TABLE organization_drug ADD FOREIGN KEY (facility_id) REFERENCES organization_facility (facility_id);

-- The price of one dispensing unit.
CREATE TABLE organization_drug_price (
    facility_id int NOT NULL,
    drug_id     uuid NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date CHECK (valid_to >= valid_from),
    price_vnd   bigint NOT NULL CHECK (price_vnd BETWEEN 0 AND 1000000000000),
    set_by      uuid,
    set_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (facility_id, drug_id, valid_from),
    CONSTRAINT organization_drug_price_once EXCLUDE USING gist
        (facility_id WITH =, drug_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
SELECT db_tenant_table('organization_drug_price');
ALTER TABLE organization_drug_price ADD FOREIGN KEY (facility_id, drug_id) REFERENCES organization_drug (facility_id, drug_id);

-- What a facility decided for itself, from one day to another. `subject` narrows a parameter to one thing,
-- e.g. key 'order.duplicate_days' with a service's id; '' holds for all.
CREATE TABLE organization_parameter (
    facility_id int NOT NULL,
    key         text NOT NULL CHECK (key ~ '^[a-z_]+(\.[a-z_]+)+$'),
    subject     text NOT NULL DEFAULT '',
    valid_from  date NOT NULL,
    valid_to    date CHECK (valid_to >= valid_from),
    value       jsonb NOT NULL,
    set_by      uuid,
    set_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (facility_id, key, subject, valid_from),
    CONSTRAINT organization_parameter_once EXCLUDE USING gist
        (facility_id WITH =, key WITH =, subject WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
SELECT db_tenant_table('organization_parameter');
ALTER TABLE organization_parameter ADD FOREIGN KEY (facility_id) REFERENCES organization_facility (facility_id);

-- An uploaded sheet: first checked, then applied exactly as it was checked.
CREATE TABLE organization_import (
    facility_id int NOT NULL,
    import_id   uuid NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('services', 'drugs')),
    file_name   text NOT NULL,
    file_sha256 text NOT NULL,
    file        bytea NOT NULL,
    effective_from date NOT NULL,                    -- the day from which the sheet's prices hold
    uploaded_by uuid NOT NULL,
    uploaded_at timestamptz NOT NULL,
    applied_by  uuid,
    applied_at  timestamptz,
    summary     jsonb NOT NULL DEFAULT '{}',         -- what was applied: {"new": n, "changed": n, "prices": n}
    PRIMARY KEY (facility_id, import_id)
);
SELECT db_tenant_table('organization_import');
ALTER TABLE organization_import ADD FOREIGN KEY (facility_id) REFERENCES organization_facility (facility_id);

-- Rows in use are end-dated; the application holds no right to delete them at all.
REVOKE DELETE ON organization_facility, organization_facility_code, organization_room, organization_service,
    organization_service_price, organization_drug, organization_drug_price, organization_parameter, organization_import
    FROM yba_app;
