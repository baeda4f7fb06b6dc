-- The personal number by which a trust provider knows a member of staff. Learnt with the first key and never shared:
-- nobody signs with a certificate that belongs to somebody else.
CREATE TABLE record_signer (
    facility_id     int         NOT NULL,
    practitioner_id uuid        NOT NULL,
    personal_id     text        NOT NULL CHECK (personal_id <> ''),
    known_by        uuid        NOT NULL,
    known_at        timestamptz NOT NULL,
    PRIMARY KEY (facility_id, practitioner_id),
    CONSTRAINT record_signer_once UNIQUE (facility_id, personal_id)
);
SELECT db_tenant_table('record_signer');

-- A key that somebody may sign with, or the seal of the house. Keys are ended, never deleted: old signatures name them.
CREATE TABLE record_key (
    facility_id     int         NOT NULL,
    key_id          uuid        NOT NULL,
    purpose         text        NOT NULL CHECK (purpose IN ('person', 'seal')),
    kind            text        NOT NULL CHECK (kind IN ('pkcs12', 'token', 'remote', 'desk')),
    account_id      uuid        NOT NULL,
    practitioner_id uuid,
    -- The key file, or the address of token or provider, under the house's own secret (AES-256-GCM). Never a PIN of a person.
    sealed          bytea       NOT NULL,
    holder          text        NOT NULL,
    holder_id       text        NOT NULL DEFAULT '',
    issuer          text        NOT NULL,
    serial          text        NOT NULL,
    not_before      timestamptz NOT NULL,
    not_after       timestamptz NOT NULL,
    -- Wrong PINs in a row, and until when the key rests because of them.
    failures        int         NOT NULL DEFAULT 0,
    blocked_until   timestamptz,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (facility_id, key_id)
);
SELECT db_tenant_table('record_key');
REVOKE DELETE ON record_key FROM yba_app;
CREATE INDEX record_key_account ON record_key (facility_id, account_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX record_key_seal ON record_key (facility_id) WHERE purpose = 'seal' AND ended_at IS NULL;

-- Who leads a ward. Where nobody is named, every head of department signs for it.
CREATE TABLE record_head (
    facility_id     int         NOT NULL,
    room_id         uuid        NOT NULL,
    practitioner_id uuid        NOT NULL,
    named_by        uuid        NOT NULL,
    named_at        timestamptz NOT NULL,
    PRIMARY KEY (facility_id, room_id, practitioner_id)
);
SELECT db_tenant_table('record_head');

-- A confirmation of a patient or relative under way: a code that was sent, who stood by, and what was drawn.
CREATE TABLE record_confirmation (
    facility_id     int         NOT NULL,
    confirmation_id uuid        NOT NULL,
    document_id     uuid        NOT NULL,
    version         int         NOT NULL,
    role            text        NOT NULL,
    signer_name     text        NOT NULL,
    relation        text        NOT NULL DEFAULT '',
    phone           text        NOT NULL,
    code_hash       text        NOT NULL,
    code_until      timestamptz NOT NULL,
    tries           int         NOT NULL DEFAULT 0,
    sends           int         NOT NULL DEFAULT 1,
    witness         uuid        NOT NULL,
    witness_name    text        NOT NULL,
    begun_at        timestamptz NOT NULL,
    confirmed_at    timestamptz,
    PRIMARY KEY (facility_id, confirmation_id)
);
SELECT db_tenant_table('record_confirmation');
REVOKE DELETE ON record_confirmation FROM yba_app;
CREATE INDEX record_confirmation_document ON record_confirmation (facility_id, document_id, begun_at DESC);

-- The short code under a document, by which anybody can ask whether it is genuine. One code for all versions.
CREATE TABLE record_public_code (
    facility_id int         NOT NULL,
    document_id uuid        NOT NULL,
    code        text        NOT NULL CHECK (code ~ '^[0-9A-HJKMNP-TV-Z]{10}$'),
    made_at     timestamptz NOT NULL,
    PRIMARY KEY (facility_id, document_id)
);
SELECT db_tenant_table('record_public_code');
-- Whoever asks knows the code and not the facility.
CREATE UNIQUE INDEX record_public_code_code ON record_public_code (code);
CREATE POLICY verify ON record_public_code FOR SELECT USING (current_setting('yba.purpose', true) = 'record-verify');

-- What a verification found, so that a content is judged once a day; its hash is compared at every opening.
CREATE TABLE record_check (
    facility_id int         NOT NULL,
    sha256      text        NOT NULL,
    day         date        NOT NULL,
    verdict     jsonb       NOT NULL,
    PRIMARY KEY (facility_id, sha256, day)
);
SELECT db_tenant_table('record_check');

-- A signature that does not hold, until somebody has looked into it.
CREATE TABLE record_alert (
    facility_id int         NOT NULL,
    document_id uuid        NOT NULL,
    version     int         NOT NULL,
    found_at    timestamptz NOT NULL,
    seen_at     timestamptz,
    seen_by     uuid,
    seen_name   text        NOT NULL DEFAULT '',
    note        text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, document_id, version, found_at)
);
SELECT db_tenant_table('record_alert');
REVOKE DELETE ON record_alert FROM yba_app;
CREATE UNIQUE INDEX record_alert_open ON record_alert (facility_id, document_id, version) WHERE seen_at IS NULL;

-- A document with an empty place for a signature that is being made on somebody's desk.
CREATE TABLE record_prepared (
    facility_id int         NOT NULL,
    batch_id    uuid        NOT NULL,
    document_id uuid        NOT NULL,
    version     int         NOT NULL,
    place       int         NOT NULL,
    role        text        NOT NULL,
    account_id  uuid        NOT NULL,
    before      text        NOT NULL,
    digest      bytea       NOT NULL,
    state       bytea       NOT NULL,
    content     text        NOT NULL,
    certificate jsonb       NOT NULL,
    made_at     timestamptz NOT NULL,
    PRIMARY KEY (facility_id, batch_id, document_id)
);
SELECT db_tenant_table('record_prepared');

-- Who signed what, for their own list.
CREATE INDEX record_signature_by ON record_signature (facility_id, signed_by, signed_at DESC);

ALTER TABLE record_signer ADD CONSTRAINT record_signer_practitioner_fk
    FOREIGN KEY (facility_id, practitioner_id) REFERENCES practitioner_practitioner (facility_id, practitioner_id);
ALTER TABLE record_key ADD CONSTRAINT record_key_practitioner_fk
    FOREIGN KEY (facility_id, practitioner_id) REFERENCES practitioner_practitioner (facility_id, practitioner_id);
ALTER TABLE record_head ADD CONSTRAINT record_head_room_fk
    FOREIGN KEY (facility_id, room_id) REFERENCES organization_room (facility_id, room_id);
ALTER TABLE record_confirmation ADD CONSTRAINT record_confirmation_document_fk
    FOREIGN KEY (facility_id, document_id) REFERENCES record_document (facility_id, document_id);
ALTER TABLE record_public_code ADD CONSTRAINT record_public_code_document_fk
    FOREIGN KEY (facility_id, document_id) REFERENCES record_document (facility_id, document_id);
ALTER TABLE record_alert ADD CONSTRAINT record_alert_document_fk
    FOREIGN KEY (facility_id, document_id) REFERENCES record_document (facility_id, document_id);
ALTER TABLE record_prepared ADD CONSTRAINT record_prepared_document_fk
    FOREIGN KEY (facility_id, document_id) REFERENCES record_document (facility_id, document_id);
