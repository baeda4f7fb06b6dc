-- Screens in the hall where people take a number by themselves. The address of a screen holds a secret; only its hash is kept.
CREATE TABLE kiosk_device (
    facility_id  int         NOT NULL,
    kiosk_id     uuid        NOT NULL,
    name         text        NOT NULL CHECK (name <> '' AND char_length(name) <= 60),
    token_hash   bytea       NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    made_by      uuid        NOT NULL,
    made_at      timestamptz NOT NULL,
    ended_at     timestamptz,
    -- Wrong codes and numbers typed at this screen, since when.
    wrong_since  timestamptz,
    wrong_count  int         NOT NULL DEFAULT 0,
    PRIMARY KEY (facility_id, kiosk_id)
);
SELECT db_tenant_table('kiosk_device');
REVOKE DELETE ON kiosk_device FROM yba_app;
-- The secret of the address finds its screen before the facility is known.
CREATE POLICY kiosk ON kiosk_device FOR SELECT USING (current_setting('yba.purpose', true) = 'kiosk');

-- What was done at a screen; help that was asked for and who came.
CREATE TABLE kiosk_use (
    facility_id  int         NOT NULL,
    use_id       uuid        NOT NULL,
    kiosk_id     uuid        NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('check_in', 'number', 'to_counter', 'help')),
    encounter_id uuid,
    at           timestamptz NOT NULL,
    PRIMARY KEY (facility_id, use_id),
    FOREIGN KEY (facility_id, kiosk_id) REFERENCES kiosk_device (facility_id, kiosk_id)
);
SELECT db_tenant_table('kiosk_use');
SELECT db_append_only('kiosk_use');
CREATE INDEX kiosk_use_time ON kiosk_use (facility_id, at DESC);

CREATE TABLE kiosk_answer (
    facility_id int         NOT NULL,
    use_id      uuid        NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (facility_id, use_id),
    FOREIGN KEY (facility_id, use_id) REFERENCES kiosk_use (facility_id, use_id)
);
SELECT db_tenant_table('kiosk_answer');
SELECT db_append_only('kiosk_answer');
