-- A facility's own version of a form, for the whole house or for one ward. Published once, never changed: documents keep
-- the number of the version they were begun with. The ministry's versions lie in the binary and have numbers below 500.
CREATE TABLE record_form_version (
    facility_id       int         NOT NULL,
    form              text        NOT NULL CHECK (form <> ''),
    version           int         NOT NULL CHECK (version > 1000),
    -- The ward whose form this is; NULL for the whole house.
    room_id           uuid,
    -- From valid_from on this scope has no form of its own and takes that of the wider scope again.
    inherits          boolean     NOT NULL DEFAULT false,
    -- The version it was built on, what differs from it, and the whole form as it came out.
    base_version      int         NOT NULL,
    changes           jsonb       NOT NULL,
    definition        jsonb       NOT NULL,
    note              text        NOT NULL CHECK (note <> ''),
    -- The version that was published again, when an older one came back.
    restores          int,
    valid_from        date        NOT NULL,
    published_by      uuid        NOT NULL,
    published_by_name text        NOT NULL,
    published_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, form, version)
);
SELECT db_tenant_table('record_form_version');
SELECT db_append_only('record_form_version');
CREATE INDEX record_form_version_in_force ON record_form_version (facility_id, form, room_id, valid_from DESC, version DESC);
ALTER TABLE record_form_version ADD CONSTRAINT record_form_version_room_fk
    FOREIGN KEY (facility_id, room_id) REFERENCES organization_room (facility_id, room_id);

-- A province's version, read by every facility that takes its forms from there. Numbers from 501 to 1000.
CREATE TABLE record_form_province (
    province_code     text        NOT NULL CHECK (province_code ~ '^[0-9]{2}$'),
    form              text        NOT NULL CHECK (form <> ''),
    version           int         NOT NULL CHECK (version BETWEEN 501 AND 1000),
    inherits          boolean     NOT NULL DEFAULT false,
    base_version      int         NOT NULL,
    changes           jsonb       NOT NULL,
    definition        jsonb       NOT NULL,
    note              text        NOT NULL CHECK (note <> ''),
    restores          int,
    valid_from        date        NOT NULL,
    published_by      uuid        NOT NULL,
    published_by_name text        NOT NULL,
    published_at      timestamptz NOT NULL,
    PRIMARY KEY (province_code, form, version)
);
SELECT db_purpose_table('record_form_province', 'form-province');
CREATE POLICY everybody_reads ON record_form_province FOR SELECT USING (true);
SELECT db_append_only('record_form_province');

-- What an administrator is changing. One draft for a form and scope; thrown away when it is published.
CREATE TABLE record_form_draft (
    facility_id     int         NOT NULL,
    form            text        NOT NULL CHECK (form <> ''),
    -- 'house', 'province', or the id of a ward.
    scope           text        NOT NULL CHECK (scope <> ''),
    base_version    int         NOT NULL,
    changes         jsonb       NOT NULL,
    -- Grows with every save: whoever saves over an older one is told.
    revision        int         NOT NULL DEFAULT 1,
    changed_by      uuid        NOT NULL,
    changed_by_name text        NOT NULL,
    changed_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, form, scope)
);
SELECT db_tenant_table('record_form_draft');

-- What a facility decided about its records, from a day on. A later decision for the same day counts; nothing is erased.
CREATE TABLE record_setting (
    facility_id int         NOT NULL,
    key         text        NOT NULL CHECK (key ~ '^[a-z_.]{3,60}$'),
    valid_from  date        NOT NULL,
    decided     int         NOT NULL CHECK (decided > 0),
    value       jsonb       NOT NULL,
    note        text        NOT NULL DEFAULT '',
    set_by      uuid        NOT NULL,
    set_by_name text        NOT NULL,
    set_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, key, valid_from, decided)
);
SELECT db_tenant_table('record_setting');
SELECT db_append_only('record_setting');
