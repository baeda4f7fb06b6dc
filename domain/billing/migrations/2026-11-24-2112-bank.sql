-- Transfers: the codes that were shown, the money that arrived, and what a person decided about the rest.

-- How a facility's bank proves itself. Read without a facility only to check a signature.
CREATE TABLE billing_bank_channel (
    facility_id   int         NOT NULL PRIMARY KEY,
    facility_code text        NOT NULL,
    -- Key of the message signatures; shown once when it is made.
    secret        text        NOT NULL CHECK (char_length(secret) >= 32),
    made_at       timestamptz NOT NULL,
    made_by       uuid        NOT NULL
);
SELECT db_tenant_table('billing_bank_channel');
CREATE INDEX billing_bank_channel_code ON billing_bank_channel (facility_code);
CREATE POLICY bank ON billing_bank_channel FOR SELECT USING (current_setting('yba.purpose', true) = 'bank-webhook');

-- A code on a screen: for one exact amount, recognised by words that are never used again.
CREATE TABLE billing_transfer_code (
    facility_id  int         NOT NULL,
    code_id      uuid        NOT NULL,
    encounter_id uuid        NOT NULL,
    reference    text        NOT NULL,
    amount_vnd   bigint      NOT NULL CHECK (amount_vnd > 0),
    bank_bin     text        NOT NULL,
    account_no   text        NOT NULL,
    shown_at     timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    shift_id     uuid,
    by_account   uuid        NOT NULL,
    by_name      text        NOT NULL,
    PRIMARY KEY (facility_id, code_id),
    UNIQUE (facility_id, reference)
);
SELECT db_tenant_table('billing_transfer_code');
SELECT db_append_only('billing_transfer_code');
CREATE INDEX billing_transfer_code_encounter ON billing_transfer_code (facility_id, encounter_id, shown_at DESC);
ALTER TABLE billing_transfer_code ADD FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

-- Money the bank reported, each movement once, with what became of it at that moment.
CREATE TABLE billing_bank_transfer (
    facility_id  int         NOT NULL,
    transfer_id  uuid        NOT NULL,
    bank_tx_id   text        NOT NULL,
    account_no   text        NOT NULL,
    amount_vnd   bigint      NOT NULL CHECK (amount_vnd > 0),
    content      text        NOT NULL,
    paid_at      timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    code_id      uuid,
    outcome      text        NOT NULL CHECK (outcome IN ('settled', 'deposit', 'unmatched')),
    reason       text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, transfer_id),
    UNIQUE (facility_id, bank_tx_id),
    CHECK ((outcome = 'unmatched') = (reason <> ''))
);
SELECT db_tenant_table('billing_bank_transfer');
SELECT db_append_only('billing_bank_transfer');
CREATE INDEX billing_bank_transfer_code ON billing_bank_transfer (facility_id, code_id) WHERE code_id IS NOT NULL;
CREATE INDEX billing_bank_transfer_unmatched ON billing_bank_transfer (facility_id, received_at) WHERE outcome = 'unmatched';
ALTER TABLE billing_bank_transfer ADD FOREIGN KEY (facility_id, code_id) REFERENCES billing_transfer_code (facility_id, code_id);
ALTER TABLE billing_payment ADD FOREIGN KEY (facility_id, transfer_id) REFERENCES billing_bank_transfer (facility_id, transfer_id);

-- What a person decided about unmatched money: put it to a visit, sent it back, or only noted (counted by hand before).
CREATE TABLE billing_transfer_resolution (
    facility_id  int         NOT NULL,
    transfer_id  uuid        NOT NULL,
    how          text        NOT NULL CHECK (how IN ('deposit', 'returned', 'noted')),
    encounter_id uuid,
    note         text        NOT NULL DEFAULT '',
    at           timestamptz NOT NULL,
    by_account   uuid        NOT NULL,
    by_name      text        NOT NULL,
    PRIMARY KEY (facility_id, transfer_id),
    CHECK ((how = 'deposit') = (encounter_id IS NOT NULL)),
    CHECK (how = 'deposit' OR note <> '')
);
SELECT db_tenant_table('billing_transfer_resolution');
SELECT db_append_only('billing_transfer_resolution');
ALTER TABLE billing_transfer_resolution ADD FOREIGN KEY (facility_id, transfer_id) REFERENCES billing_bank_transfer (facility_id, transfer_id);
