-- Electronic invoices: what is told to the tax authority about money that was received. An invoice that has its number is a
-- document; it is adjusted or replaced by another one, never changed and never cancelled.

-- How the items of a group are taxed, from one day to another. A row of law, the same for every facility.
CREATE TABLE billing_vat_rule (
    group_key     text NOT NULL,
    valid_from    date NOT NULL,
    valid_to      date CHECK (valid_to >= valid_from),
    -- As invoices write it: KCT (not subject to VAT), 0 %, 5 %, 8 %, 10 %.
    treatment     text NOT NULL,
    rate_permille int  NOT NULL CHECK (rate_permille BETWEEN 0 AND 200),
    source        text NOT NULL,
    PRIMARY KEY (group_key, valid_from),
    CHECK (treatment <> 'KCT' OR rate_permille = 0)
);
SELECT db_catalogue_table('billing_vat_rule');
INSERT INTO billing_vat_rule (group_key, valid_from, treatment, rate_permille, source) VALUES
    ('exam',      '2025-07-01', 'KCT', 0,  'Luật Thuế GTGT 48/2024/QH15: dịch vụ y tế không chịu thuế (điều khoản cần kế toán đối chiếu)'),
    ('lab',       '2025-07-01', 'KCT', 0,  'Luật Thuế GTGT 48/2024/QH15: dịch vụ y tế không chịu thuế (điều khoản cần kế toán đối chiếu)'),
    ('imaging',   '2025-07-01', 'KCT', 0,  'Luật Thuế GTGT 48/2024/QH15: dịch vụ y tế không chịu thuế (điều khoản cần kế toán đối chiếu)'),
    ('procedure', '2025-07-01', 'KCT', 0,  'Luật Thuế GTGT 48/2024/QH15: dịch vụ y tế không chịu thuế (điều khoản cần kế toán đối chiếu)'),
    ('package',   '2025-07-01', 'KCT', 0,  'Gói chỉ gồm dịch vụ y tế (cần kế toán đối chiếu)'),
    ('other',     '2025-07-01', 'KCT', 0,  'Nhóm khác: chưa phân loại, cần kế toán đối chiếu từng mục'),
    ('drug',      '2025-07-01', '5%',  50, 'Luật Thuế GTGT 48/2024/QH15: thuốc chữa bệnh bán tại nhà thuốc (thuốc dùng trong điều trị có thể khác, cần kế toán đối chiếu)');

CREATE TABLE billing_einvoice (
    facility_id    int         NOT NULL,
    -- Also the key under which the provider knows it: the same key never gives two numbers.
    einvoice_id    uuid        NOT NULL,
    kind           text        NOT NULL CHECK (kind IN ('original', 'adjust', 'replace')),
    -- The issued invoice that this one adjusts or replaces.
    about_id       uuid,
    -- One receipt, or all receipts of a day whose payers asked for no invoice.
    basis          text        NOT NULL CHECK (basis IN ('receipt', 'day')),
    bill_id        uuid,
    day            date        NOT NULL,
    status         text        NOT NULL CHECK (status IN ('draft', 'sending', 'issued', 'failed', 'dropped')),
    buyer_name     text        NOT NULL DEFAULT '',
    buyer_company  text        NOT NULL DEFAULT '',
    buyer_tax_code text        NOT NULL DEFAULT '',
    buyer_address  text        NOT NULL DEFAULT '',
    buyer_email    text        NOT NULL DEFAULT '',
    reason         text        NOT NULL DEFAULT '',
    -- Sums of the lines; below zero when an adjustment takes off.
    vat_vnd        bigint      NOT NULL,
    total_vnd      bigint      NOT NULL,
    attempts       int         NOT NULL DEFAULT 0,
    next_try_at    timestamptz,
    last_error     text        NOT NULL DEFAULT '',
    -- What came back.
    serial         text        NOT NULL DEFAULT '',
    number         bigint,
    lookup_code    text        NOT NULL DEFAULT '',
    authority_code text        NOT NULL DEFAULT '',
    issued_at      timestamptz,
    provider       text        NOT NULL DEFAULT '',
    made_at        timestamptz NOT NULL,
    by_account     uuid        NOT NULL,
    by_name        text        NOT NULL,
    PRIMARY KEY (facility_id, einvoice_id),
    CHECK ((kind = 'original') = (about_id IS NULL)),
    CHECK (kind = 'original' OR reason <> ''),
    CHECK ((status = 'issued') = (number IS NOT NULL AND issued_at IS NOT NULL)),
    CHECK ((status = 'sending') = (next_try_at IS NOT NULL))
);
SELECT db_tenant_table('billing_einvoice');
REVOKE DELETE ON billing_einvoice FROM yba_app;
ALTER TABLE billing_einvoice ADD FOREIGN KEY (facility_id, about_id) REFERENCES billing_einvoice (facility_id, einvoice_id);
ALTER TABLE billing_einvoice ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_account (facility_id, bill_id);
CREATE UNIQUE INDEX billing_einvoice_number ON billing_einvoice (facility_id, serial, number) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX billing_einvoice_replaced_once ON billing_einvoice (facility_id, about_id) WHERE kind = 'replace' AND status <> 'dropped';
CREATE UNIQUE INDEX billing_einvoice_one_correction ON billing_einvoice (facility_id, about_id) WHERE status IN ('draft', 'sending', 'failed');
CREATE INDEX billing_einvoice_about ON billing_einvoice (facility_id, about_id) WHERE about_id IS NOT NULL;
CREATE INDEX billing_einvoice_list ON billing_einvoice (facility_id, made_at DESC, einvoice_id DESC);
CREATE INDEX billing_einvoice_open ON billing_einvoice (facility_id, status, made_at DESC, einvoice_id DESC) WHERE status IN ('draft', 'sending', 'failed');
CREATE INDEX billing_einvoice_due ON billing_einvoice (next_try_at) WHERE status = 'sending';

-- Issued and dropped invoices stay as they are.
CREATE FUNCTION billing_keep_einvoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'e-invoice % is %', OLD.einvoice_id, OLD.status USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER kept BEFORE UPDATE ON billing_einvoice FOR EACH ROW WHEN (OLD.status IN ('issued', 'dropped')) EXECUTE FUNCTION billing_keep_einvoice();

CREATE TABLE billing_einvoice_line (
    facility_id    int    NOT NULL,
    einvoice_id    uuid   NOT NULL,
    place          int    NOT NULL,
    -- The charge it tells of; lines of a day's invoice are sums and name none.
    charge_id      uuid,
    group_key      text   NOT NULL,
    name           text   NOT NULL,
    unit           text   NOT NULL,
    quantity_milli bigint NOT NULL,
    -- With VAT, as the payer paid it.
    amount_vnd     bigint NOT NULL,
    treatment      text   NOT NULL,
    rate_permille  int    NOT NULL,
    vat_vnd        bigint NOT NULL,
    PRIMARY KEY (facility_id, einvoice_id, place)
);
SELECT db_tenant_table('billing_einvoice_line');
ALTER TABLE billing_einvoice_line ADD FOREIGN KEY (facility_id, einvoice_id) REFERENCES billing_einvoice (facility_id, einvoice_id);

-- Which receipts an original invoice tells of: no receipt stands on two.
CREATE TABLE billing_einvoice_receipt (
    facility_id int  NOT NULL,
    receipt_id  uuid NOT NULL,
    einvoice_id uuid NOT NULL,
    PRIMARY KEY (facility_id, receipt_id)
);
SELECT db_tenant_table('billing_einvoice_receipt');
CREATE INDEX billing_einvoice_receipt_invoice ON billing_einvoice_receipt (facility_id, einvoice_id);
ALTER TABLE billing_einvoice_receipt ADD FOREIGN KEY (facility_id, receipt_id) REFERENCES billing_receipt (facility_id, receipt_id);
ALTER TABLE billing_einvoice_receipt ADD FOREIGN KEY (facility_id, einvoice_id) REFERENCES billing_einvoice (facility_id, einvoice_id);

-- Facilities with invoices to send now; opens nothing but their numbers.
CREATE POLICY courier ON billing_einvoice FOR SELECT USING (current_setting('yba.purpose', true) = 'einvoice-courier');
CREATE FUNCTION billing_facilities_with_einvoices(now timestamptz) RETURNS SETOF int
    LANGUAGE plpgsql STABLE SET yba.purpose = 'einvoice-courier' AS $$
BEGIN
    RETURN QUERY SELECT DISTINCT e.facility_id FROM billing_einvoice e WHERE e.status = 'sending' AND e.next_try_at <= now;
END $$;
