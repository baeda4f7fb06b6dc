-- Service packages: what is offered, what was bought, and what of it was used. A package's price is owed when it is bought and
-- earned when it is used; what is left at its end is earned then or given back.

CREATE TABLE billing_package (
    facility_id int         NOT NULL,
    package_id  uuid        NOT NULL,
    code        text        NOT NULL CHECK (code <> ''),
    name        text        NOT NULL CHECK (name <> ''),
    made_at     timestamptz NOT NULL,
    made_by     uuid        NOT NULL,
    PRIMARY KEY (facility_id, package_id),
    UNIQUE (facility_id, code)
);
SELECT db_tenant_table('billing_package');
REVOKE DELETE ON billing_package FROM yba_app;

-- One version holds from one day to another; who bought under an old one keeps it.
CREATE TABLE billing_package_version (
    facility_id   int         NOT NULL,
    package_id    uuid        NOT NULL,
    version       int         NOT NULL CHECK (version > 0),
    name          text        NOT NULL,
    valid_from    date        NOT NULL,
    valid_to      date        CHECK (valid_to >= valid_from),
    price_vnd     bigint      NOT NULL CHECK (price_vnd > 0),
    validity_days int         NOT NULL CHECK (validity_days BETWEEN 1 AND 3660),
    note          text        NOT NULL DEFAULT '',
    made_at       timestamptz NOT NULL,
    by_name       text        NOT NULL,
    PRIMARY KEY (facility_id, package_id, version),
    CONSTRAINT billing_package_version_once EXCLUDE USING gist
        (facility_id WITH =, package_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
SELECT db_tenant_table('billing_package_version');
REVOKE DELETE ON billing_package_version FROM yba_app;
ALTER TABLE billing_package_version ADD FOREIGN KEY (facility_id, package_id) REFERENCES billing_package (facility_id, package_id);

CREATE TABLE billing_package_item (
    facility_id int  NOT NULL,
    package_id  uuid NOT NULL,
    version     int  NOT NULL,
    service_id  uuid NOT NULL,
    quantity    int  NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    PRIMARY KEY (facility_id, package_id, version, service_id)
);
SELECT db_tenant_table('billing_package_item');
SELECT db_append_only('billing_package_item');
ALTER TABLE billing_package_item ADD FOREIGN KEY (facility_id, package_id, version) REFERENCES billing_package_version (facility_id, package_id, version);

-- A bought package; its bill has the same id.
CREATE TABLE billing_package_sale (
    facility_id int         NOT NULL,
    bill_id     uuid        NOT NULL,
    package_id  uuid        NOT NULL,
    version     int         NOT NULL,
    patient_id  uuid        NOT NULL,
    number      bigint      NOT NULL,
    year        int         NOT NULL,
    name        text        NOT NULL,
    price_vnd   bigint      NOT NULL CHECK (price_vnd > 0),
    sold_on     date        NOT NULL,
    valid_to    date        NOT NULL CHECK (valid_to >= sold_on),
    sold_at     timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    PRIMARY KEY (facility_id, bill_id),
    UNIQUE (facility_id, year, number)
);
SELECT db_tenant_table('billing_package_sale');
SELECT db_append_only('billing_package_sale');
CREATE INDEX billing_package_sale_patient ON billing_package_sale (facility_id, patient_id, valid_to);
ALTER TABLE billing_package_sale ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_account (facility_id, bill_id);
ALTER TABLE billing_package_sale ADD FOREIGN KEY (facility_id, package_id, version) REFERENCES billing_package_version (facility_id, package_id, version);

-- What it holds, with the list price of the day it was bought: the measure by which its price is earned and given back.
CREATE TABLE billing_package_sale_item (
    facility_id int    NOT NULL,
    bill_id     uuid   NOT NULL,
    service_id  uuid   NOT NULL,
    name        text   NOT NULL,
    quantity    int    NOT NULL CHECK (quantity > 0),
    list_vnd    bigint NOT NULL CHECK (list_vnd >= 0),
    PRIMARY KEY (facility_id, bill_id, service_id)
);
SELECT db_tenant_table('billing_package_sale_item');
SELECT db_append_only('billing_package_sale_item');
ALTER TABLE billing_package_sale_item ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_package_sale (facility_id, bill_id);

-- Every use, its taking back, and the last row at the package's end. earned_vnd is what the row earns of the price.
CREATE TABLE billing_package_use (
    facility_id int         NOT NULL,
    use_id      uuid        NOT NULL,
    bill_id     uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('use', 'expired', 'ended')),
    service_id  uuid,
    group_key   text        NOT NULL DEFAULT 'package',
    name        text        NOT NULL,
    -- Pieces used; below zero when a use is taken back.
    quantity    int         NOT NULL,
    -- At the list price of the day the package was bought.
    list_vnd    bigint      NOT NULL,
    earned_vnd  bigint      NOT NULL,
    -- The charge that was covered and the bill it stands on.
    charge_id   uuid,
    on_bill     uuid,
    reverses    uuid,
    reason      text        NOT NULL DEFAULT '',
    day         date        NOT NULL,
    posted_at   timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    posted_day  date        GENERATED ALWAYS AS ((posted_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) STORED,
    PRIMARY KEY (facility_id, use_id),
    CHECK ((kind = 'use') = (charge_id IS NOT NULL)),
    CHECK (kind <> 'use' OR (reverses IS NULL) = (quantity > 0))
);
SELECT db_tenant_table('billing_package_use');
SELECT db_append_only('billing_package_use');
CREATE INDEX billing_package_use_bill ON billing_package_use (facility_id, bill_id);
CREATE INDEX billing_package_use_day ON billing_package_use (facility_id, day);
CREATE INDEX billing_package_use_posted ON billing_package_use (facility_id, posted_day);
CREATE UNIQUE INDEX billing_package_use_once ON billing_package_use (facility_id, bill_id, charge_id) WHERE kind = 'use' AND reverses IS NULL;
CREATE UNIQUE INDEX billing_package_use_reversed_once ON billing_package_use (facility_id, reverses) WHERE reverses IS NOT NULL;
CREATE UNIQUE INDEX billing_package_use_ended_once ON billing_package_use (facility_id, bill_id) WHERE kind <> 'use';
CREATE INDEX billing_package_use_charge ON billing_package_use (facility_id, charge_id) WHERE charge_id IS NOT NULL;
ALTER TABLE billing_package_use ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_package_sale (facility_id, bill_id);
ALTER TABLE billing_package_use ADD FOREIGN KEY (facility_id, charge_id) REFERENCES billing_charge (facility_id, charge_id);

-- Nothing is used beyond what was bought, and nothing after the end.
CREATE FUNCTION billing_keep_package() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'use' AND NEW.reverses IS NULL AND (
        EXISTS (SELECT FROM billing_package_use u WHERE u.facility_id = NEW.facility_id AND u.bill_id = NEW.bill_id AND u.kind <> 'use')
        OR (SELECT sum(u.quantity) FROM billing_package_use u
            WHERE u.facility_id = NEW.facility_id AND u.bill_id = NEW.bill_id AND u.service_id = NEW.service_id)
           > (SELECT i.quantity FROM billing_package_sale_item i
              WHERE i.facility_id = NEW.facility_id AND i.bill_id = NEW.bill_id AND i.service_id = NEW.service_id)
    ) THEN
        RAISE EXCEPTION 'package % holds no more of service %', NEW.bill_id, NEW.service_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "2_holds" AFTER INSERT ON billing_package_use FOR EACH ROW EXECUTE FUNCTION billing_keep_package();

-- A sold package is owed but not earned; its uses earn it. A day's revenue is charges without packages, and uses.
DROP VIEW billing_report_revenue, billing_report_ledger;
CREATE VIEW billing_report_revenue WITH (security_invoker = true) AS
SELECT c.facility_id, c.day, a.encounter_id, c.charge_id, coalesce(e.patient_id, a.patient_id) AS patient_id, e.practitioner_id, e.room_id,
       c.source, c.group_key, c.service_id, c.drug_id, c.name, c.unit,
       -- What lowers a line adds no piece to the count.
       CASE WHEN c.discount_of IS NOT NULL THEN 0 WHEN c.reverses IS NULL THEN c.quantity_milli ELSE -c.quantity_milli END AS quantity_milli,
       c.unit_price_vnd, c.amount_vnd, c.reverses IS NOT NULL AS is_reversal, c.posted_at, c.posted_day, c.bill_id, a.kind AS bill_kind,
       c.discount_of, c.discount_id
FROM billing_charge c
LEFT JOIN billing_account a ON a.facility_id = c.facility_id AND a.bill_id = c.bill_id
LEFT JOIN encounter_encounter e ON e.facility_id = c.facility_id AND e.encounter_id = c.bill_id
WHERE c.group_key <> 'package'
UNION ALL
SELECT u.facility_id, u.day, e.encounter_id, u.use_id, s.patient_id, e.practitioner_id, e.room_id,
       'package', u.group_key, u.service_id, NULL, u.name, '', 0, u.list_vnd, u.earned_vnd, u.reverses IS NOT NULL, u.posted_at, u.posted_day,
       u.bill_id, 'package', NULL, NULL
FROM billing_package_use u
JOIN billing_package_sale s ON s.facility_id = u.facility_id AND s.bill_id = u.bill_id
LEFT JOIN encounter_encounter e ON e.facility_id = u.facility_id AND e.encounter_id = u.on_bill;
GRANT SELECT ON billing_report_revenue TO yba_app;

CREATE VIEW billing_report_ledger WITH (security_invoker = true) AS
SELECT facility_id, day, bill_id AS encounter_id, 'charge'::text AS document, charge_id AS document_id, side.account,
       greatest(side.amount, 0) AS debit_vnd, greatest(-side.amount, 0) AS credit_vnd, bill_id
FROM billing_charge,
     LATERAL (VALUES ('patient', amount_vnd), (CASE WHEN group_key = 'package' THEN 'prepaid' ELSE 'revenue' END, -amount_vnd)) AS side(account, amount)
UNION ALL
SELECT facility_id, day, bill_id, 'payment', payment_id, side.account,
       greatest(side.amount, 0), greatest(-side.amount, 0), bill_id
FROM billing_payment, LATERAL (VALUES (method, amount_vnd), ('patient', -amount_vnd)) AS side(account, amount)
UNION ALL
SELECT facility_id, day, bill_id, 'package_use', use_id, side.account,
       greatest(side.amount, 0), greatest(-side.amount, 0), bill_id
FROM billing_package_use, LATERAL (VALUES ('prepaid', earned_vnd), ('revenue', -earned_vnd)) AS side(account, amount);
GRANT SELECT ON billing_report_ledger TO yba_app;
