-- Who sends us messages, and what their codes mean here.

CREATE TABLE exchange_partner (
    facility_id      int         NOT NULL,
    partner_id       uuid        NOT NULL,
    name             text        NOT NULL CHECK (name <> '' AND char_length(name) <= 120),
    door             text        NOT NULL CHECK (door IN ('hl7', 'fhir')),
    -- How the sender names itself: MSH-3 and MSH-4, or the client id of a program.
    application      text        NOT NULL CHECK (application <> '' AND char_length(application) <= 120),
    sending_facility text        NOT NULL DEFAULT '',
    -- How the sender names us (MSH-6); empty accepts any name as long as the sender is known here only.
    receiving        text        NOT NULL DEFAULT '',
    active_from      date        NOT NULL,
    active_to        date        CHECK (active_to >= active_from),
    -- Telephone and address follow the sender without asking; name, birth, sex and citizen number always ask.
    takes_contact    boolean     NOT NULL DEFAULT true,
    -- How long a message waits for the one it builds on.
    wait_minutes     int         NOT NULL DEFAULT 60 CHECK (wait_minutes BETWEEN 1 AND 10080),
    changed_by       uuid        NOT NULL,
    changed_at       timestamptz NOT NULL,
    PRIMARY KEY (facility_id, partner_id),
    CONSTRAINT exchange_partner_once UNIQUE (facility_id, door, application, sending_facility)
);
SELECT db_tenant_table('exchange_partner');
REVOKE DELETE ON exchange_partner FROM yba_app;
-- A door knows the sender before it knows the facility.
CREATE POLICY door ON exchange_partner FOR SELECT USING (current_setting('yba.purpose', true) = 'exchange-door');

-- What the partners' codes mean here, from when to when.
CREATE TABLE exchange_code (
    facility_id int         NOT NULL,
    code_id     uuid        NOT NULL,
    partner_id  uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('ward', 'doctor', 'document', 'result', 'class', 'disposition')),
    code        text        NOT NULL CHECK (code <> '' AND char_length(code) <= 120),
    -- A room, a member of staff, a form, a LOINC code, a class (IMP, AMB, EMER), or outcome and way ("improved discharged").
    target      text        NOT NULL CHECK (target <> '' AND char_length(target) <= 120),
    valid_from  date        NOT NULL,
    valid_to    date        CHECK (valid_to >= valid_from),
    changed_by  uuid        NOT NULL,
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (facility_id, code_id),
    CONSTRAINT exchange_code_once EXCLUDE USING gist
        (facility_id WITH =, partner_id WITH =, kind WITH =, code WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
SELECT db_tenant_table('exchange_code');
REVOKE DELETE ON exchange_code FROM yba_app;
CREATE POLICY door ON exchange_code FOR SELECT USING (current_setting('yba.purpose', true) = 'exchange-door');
ALTER TABLE exchange_code ADD CONSTRAINT exchange_code_partner_fk
    FOREIGN KEY (facility_id, partner_id) REFERENCES exchange_partner (facility_id, partner_id);

-- Grows with every change of the two tables above: whoever keeps them in memory sees that they are old.
CREATE TABLE exchange_stamp (
    facility_id int    NOT NULL PRIMARY KEY,
    stamp       bigint NOT NULL
);
SELECT db_tenant_table('exchange_stamp');
CREATE POLICY door ON exchange_stamp FOR SELECT USING (current_setting('yba.purpose', true) = 'exchange-door');

-- Codes that came and meant nothing.
CREATE TABLE exchange_unmapped (
    facility_id int         NOT NULL,
    partner_id  uuid        NOT NULL,
    kind        text        NOT NULL,
    code        text        NOT NULL,
    text        text        NOT NULL DEFAULT '',
    times       int         NOT NULL DEFAULT 1,
    first_seen  timestamptz NOT NULL,
    last_seen   timestamptz NOT NULL,
    PRIMARY KEY (facility_id, partner_id, kind, code)
);
SELECT db_tenant_table('exchange_unmapped');
