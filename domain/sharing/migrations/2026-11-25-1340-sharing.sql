-- Houses on another server that we exchange records with. Facilities of this server need no row here.
CREATE TABLE sharing_partner (
    facility_id  int         NOT NULL,
    partner_id   uuid        NOT NULL,
    -- The facility code that the partner's certificate speaks for.
    code         text        NOT NULL CHECK (code ~ '^[0-9A-Z]{5}$'),
    name         text        NOT NULL CHECK (name <> ''),
    -- Where its records answer, e.g. "https://emr.bvtw.example.vn:8443".
    address      text        NOT NULL,
    -- The certificate (PEM) by which we know it, both ways.
    certificate  text        NOT NULL,
    -- SHA-256 of that certificate, hexadecimal.
    fingerprint  text        NOT NULL CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
    active_from  date        NOT NULL,
    active_to    date        CHECK (active_to >= active_from),
    changed_by   uuid        NOT NULL,
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (facility_id, partner_id)
);
SELECT db_tenant_table('sharing_partner');
CREATE UNIQUE INDEX sharing_partner_code ON sharing_partner (facility_id, code) WHERE active_to IS NULL;
-- A caller is known by its certificate before the facility is known: which house of ours knows this one?
CREATE POLICY link ON sharing_partner FOR SELECT USING (current_setting('yba.purpose', true) = 'record-link');

-- Facilities of one group (a hospital and its satellites): a request inside the group needs no clerk, only the patient.
CREATE TABLE sharing_group_member (
    facility_id  int         NOT NULL,
    code         text        NOT NULL CHECK (code ~ '^[0-9A-Z]{5}$'),
    name         text        NOT NULL,
    active_from  date        NOT NULL,
    active_to    date        CHECK (active_to >= active_from),
    changed_by   uuid        NOT NULL,
    changed_at   timestamptz NOT NULL,
    PRIMARY KEY (facility_id, code, active_from)
);
SELECT db_tenant_table('sharing_group_member');

-- Somebody asks to see a record that lies here.
CREATE TABLE sharing_request (
    facility_id     int         NOT NULL,
    request_id      uuid        NOT NULL,
    asker_code      text        NOT NULL,
    asker_name      text        NOT NULL,
    -- The asking facility when it lives on this server.
    asker_facility  int,
    -- The partner when it lives on another one.
    partner_id      uuid,
    doctor          text        NOT NULL,
    -- Empty while we have not found out who is meant.
    patient_id      uuid,
    person_id       uuid,
    -- Whom the asker means: name, birth, sex, personal number.
    whom            jsonb       NOT NULL,
    purpose         text        NOT NULL,
    note            text        NOT NULL DEFAULT '' CHECK (char_length(note) <= 500),
    emergency       boolean     NOT NULL DEFAULT false,
    status          text        NOT NULL DEFAULT 'asked'
                    CHECK (status IN ('asked', 'consenting', 'granted', 'refused', 'withdrawn')),
    reason          text        NOT NULL DEFAULT '',
    asked_at        timestamptz NOT NULL,
    decided_at      timestamptz,
    decided_by      text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, request_id)
);
SELECT db_tenant_table('sharing_request');
CREATE INDEX sharing_request_open ON sharing_request (facility_id, asked_at DESC);
CREATE INDEX sharing_request_patient ON sharing_request (facility_id, patient_id, asked_at DESC) WHERE patient_id IS NOT NULL;

-- What the patient is asked to agree to: exactly these papers, until then. The code proves that the phone is theirs.
CREATE TABLE sharing_consent (
    facility_id   int         NOT NULL,
    consent_id    uuid        NOT NULL,
    request_id    uuid        NOT NULL,
    patient_id    uuid        NOT NULL,
    -- SHA-256 of the secret in the link; the link itself is kept nowhere.
    token_hash    bytea       NOT NULL,
    phone         text        NOT NULL DEFAULT '',
    -- Documents, last day, what the receiver may do, as the patient sees them.
    proposal      jsonb       NOT NULL,
    code_hash     bytea,
    code_sent_at  timestamptz,
    attempts      int         NOT NULL DEFAULT 0,
    codes_sent    int         NOT NULL DEFAULT 0,
    opened_at     timestamptz,
    proved_at     timestamptz,
    answered_at   timestamptz,
    answer        text        NOT NULL DEFAULT '' CHECK (answer IN ('', 'agreed', 'refused', 'replaced')),
    made_at       timestamptz NOT NULL,
    PRIMARY KEY (facility_id, consent_id)
);
SELECT db_tenant_table('sharing_consent');
CREATE UNIQUE INDEX sharing_consent_token ON sharing_consent (token_hash);
CREATE INDEX sharing_consent_request ON sharing_consent (facility_id, request_id, made_at DESC);
CREATE POLICY citizen ON sharing_consent FOR SELECT USING (current_setting('yba.purpose', true) = 'sharing-link');
-- Whose house a link belongs to; nothing else leaves through here.
CREATE FUNCTION sharing_house_of_link(hash bytea) RETURNS TABLE (facility_id int, consent_id uuid)
    LANGUAGE sql STABLE SET yba.purpose = 'sharing-link'
    AS $$ SELECT facility_id, consent_id FROM sharing_consent WHERE token_hash = hash $$;

-- A permission: these documents in these very versions, for this house, until then. Only its end may be written later.
CREATE TABLE sharing_grant (
    facility_id    int         NOT NULL,
    grant_id       uuid        NOT NULL,
    request_id     uuid        NOT NULL,
    patient_id     uuid        NOT NULL,
    person_id      uuid        NOT NULL,
    -- What makes it lawful: the patient's word by phone, by a code read out, on paper; or an emergency.
    basis          text        NOT NULL CHECK (basis IN ('phone', 'code', 'paper', 'emergency')),
    evidence       jsonb       NOT NULL,
    purpose        text        NOT NULL,
    may_download   boolean     NOT NULL,
    tell_patient   boolean     NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_until    timestamptz NOT NULL CHECK (valid_until > valid_from),
    granted_by     text        NOT NULL,
    revoked_at     timestamptz,
    revoked_by     text        NOT NULL DEFAULT '',
    revoke_reason  text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, grant_id)
);
SELECT db_tenant_table('sharing_grant');
CREATE UNIQUE INDEX sharing_grant_request ON sharing_grant (facility_id, request_id);
CREATE INDEX sharing_grant_patient ON sharing_grant (facility_id, patient_id, valid_from DESC);
CREATE FUNCTION sharing_only_revoke() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.revoked_at IS NOT NULL
       OR (to_jsonb(NEW) - '{revoked_at,revoked_by,revoke_reason}'::text[]) <> (to_jsonb(OLD) - '{revoked_at,revoked_by,revoke_reason}'::text[]) THEN
        RAISE EXCEPTION 'a grant may only be revoked, once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_revoke BEFORE UPDATE OR DELETE ON sharing_grant FOR EACH ROW EXECUTE FUNCTION sharing_only_revoke();

CREATE TABLE sharing_grant_document (
    facility_id  int   NOT NULL,
    grant_id     uuid  NOT NULL,
    document_id  uuid  NOT NULL,
    place        int   NOT NULL,
    version      int   NOT NULL,
    form         text  NOT NULL,
    title        text  NOT NULL,
    made_at      timestamptz NOT NULL,
    -- The very bytes that the patient agreed to.
    sha256       text  NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (facility_id, grant_id, document_id)
);
SELECT db_tenant_table('sharing_grant_document');
SELECT db_append_only('sharing_grant_document');

-- Who has seen what: the patient reads this list.
CREATE TABLE sharing_disclosure (
    facility_id    int         NOT NULL,
    disclosure_id  uuid        NOT NULL,
    grant_id       uuid        NOT NULL,
    patient_id     uuid        NOT NULL,
    document_id    uuid        NOT NULL,
    title          text        NOT NULL,
    who            text        NOT NULL,
    house          text        NOT NULL,
    basis          text        NOT NULL,
    at             timestamptz NOT NULL,
    PRIMARY KEY (facility_id, disclosure_id)
);
SELECT db_tenant_table('sharing_disclosure');
SELECT db_append_only('sharing_disclosure');
CREATE INDEX sharing_disclosure_patient ON sharing_disclosure (facility_id, patient_id, at DESC);
CREATE INDEX sharing_disclosure_grant ON sharing_disclosure (facility_id, grant_id, at DESC);

-- Emergency openings wait here until somebody who audits has looked at each.
CREATE TABLE sharing_emergency_review (
    facility_id  int         NOT NULL,
    request_id   uuid        NOT NULL,
    verdict      text        NOT NULL CHECK (verdict IN ('justified', 'questioned')),
    note         text        NOT NULL DEFAULT '' CHECK (char_length(note) <= 500),
    reviewed_by  uuid        NOT NULL,
    reviewed_by_name text    NOT NULL,
    reviewed_at  timestamptz NOT NULL,
    PRIMARY KEY (facility_id, request_id)
);
SELECT db_tenant_table('sharing_emergency_review');
SELECT db_append_only('sharing_emergency_review');

-- What we ask of other houses.
CREATE TABLE sharing_inquiry (
    facility_id      int         NOT NULL,
    inquiry_id       uuid        NOT NULL,
    patient_id       uuid        NOT NULL,
    person_id        uuid        NOT NULL,
    holder_code      text        NOT NULL,
    holder_name      text        NOT NULL,
    holder_facility  int,
    partner_id       uuid,
    doctor           text        NOT NULL,
    asked_by         uuid        NOT NULL,
    purpose          text        NOT NULL,
    note             text        NOT NULL DEFAULT '',
    emergency        boolean     NOT NULL DEFAULT false,
    -- "sending" until the holder has it; then what the holder last said.
    status           text        NOT NULL DEFAULT 'sending'
                     CHECK (status IN ('sending', 'asked', 'consenting', 'granted', 'refused', 'withdrawn', 'revoked', 'expired', 'unsent')),
    last_error       text        NOT NULL DEFAULT '',
    asked_at         timestamptz NOT NULL,
    heard_at         timestamptz,
    PRIMARY KEY (facility_id, inquiry_id)
);
SELECT db_tenant_table('sharing_inquiry');
CREATE INDEX sharing_inquiry_recent ON sharing_inquiry (facility_id, asked_at DESC);
CREATE INDEX sharing_inquiry_patient ON sharing_inquiry (facility_id, patient_id, asked_at DESC);

ALTER TABLE sharing_consent ADD CONSTRAINT sharing_consent_request_fk
    FOREIGN KEY (facility_id, request_id) REFERENCES sharing_request (facility_id, request_id);
ALTER TABLE sharing_grant ADD CONSTRAINT sharing_grant_request_fk
    FOREIGN KEY (facility_id, request_id) REFERENCES sharing_request (facility_id, request_id);
ALTER TABLE sharing_grant_document ADD CONSTRAINT sharing_grant_document_grant_fk
    FOREIGN KEY (facility_id, grant_id) REFERENCES sharing_grant (facility_id, grant_id);
ALTER TABLE sharing_inquiry ADD CONSTRAINT sharing_inquiry_patient_fk
    FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);
