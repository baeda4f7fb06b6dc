-- Clinics as customers. These tables belong to the platform: they cross facilities and open only to the purpose
-- 'subscription'; every question about one clinic names it.

-- Whose house this is: the facility of its operators, and the account that receives the customers' money.
CREATE TABLE subscription_platform (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    facility_id  int  NOT NULL,
    name         text NOT NULL,
    address      text NOT NULL DEFAULT '',
    tax_code     text NOT NULL DEFAULT '',
    phone        text NOT NULL DEFAULT '',
    bank_bin     text NOT NULL DEFAULT '' CHECK (bank_bin ~ '^([0-9]{6})?$'),
    bank_account text NOT NULL DEFAULT '',
    bank_holder  text NOT NULL DEFAULT '',
    -- Key of the bank's message signatures.
    bank_secret  text NOT NULL DEFAULT '',
    changed_at   timestamptz NOT NULL
);
SELECT db_purpose_table('subscription_platform', 'subscription');

-- A clinic on its way in. Nothing of it exists as a facility before its last step.
CREATE TABLE subscription_sign_up (
    sign_up_id    uuid PRIMARY KEY,
    -- Of the browser that began it.
    token_hash    bytea NOT NULL UNIQUE,
    contact_kind  text NOT NULL CHECK (contact_kind IN ('phone', 'email')),
    contact       text NOT NULL,
    verified_at   timestamptz,
    package       text NOT NULL CHECK (package IN ('BASIC', 'STANDARD')),
    clinic        jsonb NOT NULL DEFAULT '{}',
    licence_file  text NOT NULL DEFAULT '',
    licence_name  text NOT NULL DEFAULT '',
    owner_name    text NOT NULL DEFAULT '',
    login         text NOT NULL DEFAULT '',
    password_hash text NOT NULL DEFAULT '',
    -- Why the last step could not be taken although the money is here.
    stuck         text NOT NULL DEFAULT '',
    facility_id   int,
    account_id    uuid,
    remote        text NOT NULL,
    created_at    timestamptz NOT NULL,
    activated_at  timestamptz,
    -- The browser that opened the clinic was let in; from then on the door is the sign-in.
    let_in_at     timestamptz
);
CREATE INDEX subscription_sign_up_contact ON subscription_sign_up (contact, created_at DESC);
SELECT db_purpose_table('subscription_sign_up', 'subscription');

-- Codes that were sent; only a keyed hash is kept. Limits count these rows by sign-up, by contact and by address.
CREATE TABLE subscription_code (
    code_id    uuid PRIMARY KEY,
    sign_up_id uuid NOT NULL REFERENCES subscription_sign_up,
    contact    text NOT NULL,
    remote     text NOT NULL,
    code_hash  bytea NOT NULL,
    sent_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    attempts   int NOT NULL DEFAULT 0,
    used_at    timestamptz
);
CREATE INDEX subscription_code_sign_up ON subscription_code (sign_up_id, sent_at DESC);
CREATE INDEX subscription_code_contact ON subscription_code (contact, sent_at DESC);
CREATE INDEX subscription_code_remote ON subscription_code (remote, sent_at DESC);
SELECT db_purpose_table('subscription_code', 'subscription');

-- One owner with one or more facilities.
CREATE TABLE subscription_customer (
    customer_id uuid PRIMARY KEY,
    name        text NOT NULL,
    contact     text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL
);
SELECT db_purpose_table('subscription_customer', 'subscription');
CREATE TABLE subscription_branch (
    facility_id   int PRIMARY KEY,
    customer_id   uuid NOT NULL REFERENCES subscription_customer,
    owner_account uuid NOT NULL,
    joined_at     timestamptz NOT NULL
);
CREATE INDEX subscription_branch_customer ON subscription_branch (customer_id);
SELECT db_purpose_table('subscription_branch', 'subscription');

-- What a customer was asked to pay, and the money that came. Both are only ever added to.
CREATE SEQUENCE subscription_number;
GRANT USAGE ON SEQUENCE subscription_number TO yba_app;
CREATE TABLE subscription_invoice (
    invoice_id  uuid PRIMARY KEY,
    number      text NOT NULL UNIQUE,
    -- The words by which the transfer is recognised.
    reference   text NOT NULL UNIQUE,
    kind        text NOT NULL CHECK (kind IN ('first', 'renewal', 'upgrade')),
    sign_up_id  uuid REFERENCES subscription_sign_up,
    facility_id int,
    package     text NOT NULL,
    months      int NOT NULL CHECK (months BETWEEN 0 AND 36),
    amount_vnd  bigint NOT NULL CHECK (amount_vnd BETWEEN 1 AND 1000000000000),
    -- What it is for, line by line as printed: [{"name", "quantity", "price_vnd", "amount_vnd"}].
    lines       jsonb NOT NULL,
    buyer       jsonb NOT NULL,
    created_at  timestamptz NOT NULL,
    pay_before  timestamptz NOT NULL,
    by_account  uuid,
    CHECK ((kind = 'first') = (facility_id IS NULL) AND (kind = 'first') = (sign_up_id IS NOT NULL))
);
CREATE INDEX subscription_invoice_facility ON subscription_invoice (facility_id, created_at DESC);
CREATE INDEX subscription_invoice_sign_up ON subscription_invoice (sign_up_id, created_at DESC);
SELECT db_purpose_table('subscription_invoice', 'subscription');
SELECT db_append_only('subscription_invoice');
CREATE TABLE subscription_payment (
    payment_id  uuid PRIMARY KEY,
    bank_tx_id  text NOT NULL UNIQUE,
    account_no  text NOT NULL,
    amount_vnd  bigint NOT NULL CHECK (amount_vnd > 0),
    content     text NOT NULL,
    paid_at     timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    invoice_id  uuid REFERENCES subscription_invoice,
    outcome     text NOT NULL CHECK (outcome IN ('paid', 'unmatched')),
    reason      text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX subscription_payment_once ON subscription_payment (invoice_id) WHERE outcome = 'paid';
SELECT db_purpose_table('subscription_payment', 'subscription');
SELECT db_append_only('subscription_payment');
-- What a person decided about money that matched nothing.
CREATE TABLE subscription_payment_note (
    payment_id uuid PRIMARY KEY REFERENCES subscription_payment,
    note       text NOT NULL CHECK (note <> ''),
    by_name    text NOT NULL,
    at         timestamptz NOT NULL
);
SELECT db_purpose_table('subscription_payment_note', 'subscription');
SELECT db_append_only('subscription_payment_note');

-- Which package the next renewal is for; the newest wish counts.
CREATE TABLE subscription_wish (
    facility_id int NOT NULL,
    at          timestamptz NOT NULL,
    package     text NOT NULL CHECK (package IN ('BASIC', 'STANDARD', 'PREMIUM1', 'PREMIUM2')),
    by_name     text NOT NULL,
    PRIMARY KEY (facility_id, at)
);
SELECT db_tenant_table('subscription_wish');
SELECT db_append_only('subscription_wish');

-- Who asked to be called.
CREATE TABLE subscription_lead (
    lead_id     uuid PRIMARY KEY,
    package     text NOT NULL,
    person      text NOT NULL,
    clinic      text NOT NULL,
    phone       text NOT NULL DEFAULT '',
    email       text NOT NULL DEFAULT '',
    message     text NOT NULL DEFAULT '',
    facility_id int,
    state       text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'talking', 'won', 'lost')),
    note        text NOT NULL DEFAULT '',
    remote      text NOT NULL,
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    changed_by  text NOT NULL DEFAULT ''
);
SELECT db_purpose_table('subscription_lead', 'subscription');

-- How much was used, once a day; told to the operator without a word of medicine.
CREATE TABLE subscription_usage (
    facility_id   int NOT NULL,
    day           date NOT NULL,
    active_users  int NOT NULL,
    storage_bytes bigint NOT NULL,
    sms_parts     int NOT NULL,
    state         text NOT NULL,
    PRIMARY KEY (facility_id, day)
);
SELECT db_tenant_table('subscription_usage');
SELECT db_append_only('subscription_usage');
CREATE POLICY operator ON subscription_usage FOR SELECT USING (current_setting('yba.purpose', true) = 'subscription');

-- Messages that a facility sent, for its monthly allowance. The recipient is kept only as its last digits.
CREATE TABLE subscription_message (
    facility_id int NOT NULL,
    message_id  uuid NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('sms', 'email')),
    tail        text NOT NULL,
    parts       int NOT NULL CHECK (parts BETWEEN 0 AND 20),
    at          timestamptz NOT NULL,
    PRIMARY KEY (facility_id, message_id)
);
CREATE INDEX subscription_message_at ON subscription_message (facility_id, at);
SELECT db_tenant_table('subscription_message');
SELECT db_append_only('subscription_message');

-- A clinic takes everything along.
CREATE TABLE subscription_export (
    facility_id int NOT NULL,
    export_id   uuid NOT NULL,
    asked_by    text NOT NULL,
    asked_at    timestamptz NOT NULL,
    done        int NOT NULL DEFAULT 0,
    of          int NOT NULL DEFAULT 0,
    beat_at     timestamptz NOT NULL,
    file        text NOT NULL DEFAULT '',
    bytes       bigint NOT NULL DEFAULT 0,
    finished_at timestamptz,
    error       text NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, export_id)
);
SELECT db_tenant_table('subscription_export');

-- The operator's desk sees what was bought and by whom.
CREATE POLICY operator ON organization_package_period FOR SELECT USING (current_setting('yba.purpose', true) = 'subscription');
