-- Shares of doctors, performers and referrers: rules with dates, who had a part in a bill, statements that close a month.

-- Somebody outside the house who sends people here.
CREATE TABLE billing_referrer (
    facility_id int         NOT NULL,
    referrer_id uuid        NOT NULL,
    name        text        NOT NULL CHECK (name <> ''),
    phone       text        NOT NULL DEFAULT '',
    active_from date        NOT NULL,
    active_to   date        CHECK (active_to >= active_from),
    made_at     timestamptz NOT NULL,
    made_by     uuid        NOT NULL,
    PRIMARY KEY (facility_id, referrer_id)
);
SELECT db_tenant_table('billing_referrer');
REVOKE DELETE ON billing_referrer FROM yba_app;

-- Who sent the person of a bill (no charge), or who carried out one line of it. The last row holds; nobody (NULL) takes it back.
CREATE TABLE billing_involved (
    facility_id int         NOT NULL,
    involved_id uuid        NOT NULL,
    bill_id     uuid        NOT NULL,
    charge_id   uuid,
    role        text        NOT NULL CHECK (role IN ('performer', 'referrer')),
    person_id   uuid,
    at          timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    PRIMARY KEY (facility_id, involved_id),
    CHECK ((role = 'performer') = (charge_id IS NOT NULL))
);
SELECT db_tenant_table('billing_involved');
SELECT db_append_only('billing_involved');
CREATE INDEX billing_involved_bill ON billing_involved (facility_id, bill_id, role, at DESC);
ALTER TABLE billing_involved ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_account (facility_id, bill_id);
ALTER TABLE billing_involved ADD FOREIGN KEY (facility_id, charge_id) REFERENCES billing_charge (facility_id, charge_id);

-- From one day to another: so much of what a service, a group, or anything earned; for one person or for everybody in that role.
CREATE TABLE billing_share_rule (
    facility_id int         NOT NULL,
    rule_id     uuid        NOT NULL,
    role        text        NOT NULL CHECK (role IN ('doctor', 'performer', 'referrer')),
    person_id   uuid,
    group_key   text,
    service_id  uuid,
    -- Hundredths of a percent of what was earned after discounts, or đồng per piece.
    percent_bp  int         CHECK (percent_bp BETWEEN 0 AND 10000),
    fixed_vnd   bigint      CHECK (fixed_vnd BETWEEN 0 AND 1000000000),
    valid_from  date        NOT NULL,
    valid_to    date        CHECK (valid_to >= valid_from),
    made_at     timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    PRIMARY KEY (facility_id, rule_id),
    CHECK ((percent_bp IS NULL) <> (fixed_vnd IS NULL)),
    CHECK (service_id IS NULL OR group_key IS NULL),
    CONSTRAINT billing_share_rule_once EXCLUDE USING gist (
        facility_id WITH =, role WITH =, (coalesce(person_id::text, '')) WITH =, (coalesce(group_key, '')) WITH =, (coalesce(service_id::text, '')) WITH =,
        daterange(valid_from, valid_to, '[]') WITH &&)
);
SELECT db_tenant_table('billing_share_rule');
REVOKE DELETE ON billing_share_rule FROM yba_app;
ALTER TABLE billing_share_rule ADD FOREIGN KEY (facility_id, service_id) REFERENCES organization_service (facility_id, service_id);

CREATE TABLE billing_statement (
    facility_id   int         NOT NULL,
    statement_id  uuid        NOT NULL,
    -- First day of the month.
    month         date        NOT NULL CHECK (extract(day FROM month) = 1),
    person_id     uuid        NOT NULL,
    person_name   text        NOT NULL,
    total_vnd     bigint      NOT NULL,
    step          text        NOT NULL DEFAULT 'closed' CHECK (step IN ('closed', 'approved')),
    closed_at     timestamptz NOT NULL,
    closed_by     uuid        NOT NULL,
    closed_name   text        NOT NULL,
    approved_at   timestamptz,
    approved_by   uuid,
    approved_name text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, statement_id),
    UNIQUE (facility_id, month, person_id),
    CHECK ((step = 'approved') = (approved_by IS NOT NULL)),
    CHECK (approved_by <> closed_by)
);
SELECT db_tenant_table('billing_statement');
REVOKE DELETE ON billing_statement FROM yba_app;
CREATE INDEX billing_statement_person ON billing_statement (facility_id, person_id, month DESC);

CREATE TABLE billing_statement_line (
    facility_id  int    NOT NULL,
    statement_id uuid   NOT NULL,
    -- A row of the ledger: a charge, what lowers it, what takes it back, or a use of a package.
    row_id       uuid   NOT NULL,
    role         text   NOT NULL,
    rule_id      uuid   NOT NULL,
    day          date   NOT NULL,
    name         text   NOT NULL,
    base_vnd     bigint NOT NULL,
    share_vnd    bigint NOT NULL,
    -- No row of the ledger is shared twice in the same role, in whichever month.
    PRIMARY KEY (facility_id, row_id, role)
);
SELECT db_tenant_table('billing_statement_line');
SELECT db_append_only('billing_statement_line');
CREATE INDEX billing_statement_line_statement ON billing_statement_line (facility_id, statement_id, day);
ALTER TABLE billing_statement_line ADD FOREIGN KEY (facility_id, statement_id) REFERENCES billing_statement (facility_id, statement_id);

-- An approved statement is a document; a closed one only waits for its approval.
CREATE FUNCTION billing_keep_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.step = 'approved' OR NEW.total_vnd <> OLD.total_vnd OR NEW.person_id <> OLD.person_id OR NEW.month <> OLD.month THEN
        RAISE EXCEPTION 'statement % is closed', OLD.statement_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kept BEFORE UPDATE ON billing_statement FOR EACH ROW EXECUTE FUNCTION billing_keep_statement();

-- Every row of the ledger that earns, with the person in each role and the day whose rules hold: for what takes something back,
-- the day of what it takes back.
CREATE VIEW billing_shared WITH (security_invoker = true) AS
SELECT r.facility_id, r.charge_id AS row_id, r.posted_day, r.day, r.name, r.group_key, r.service_id, r.amount_vnd, r.quantity_milli,
       coalesce(oc.day, ou.day, r.day) AS rule_day, coalesce(c.reverses, u.reverses) AS reverses, part.role, part.person_id
FROM billing_report_revenue r
LEFT JOIN billing_charge c ON c.facility_id = r.facility_id AND c.charge_id = r.charge_id
LEFT JOIN billing_charge oc ON oc.facility_id = r.facility_id AND oc.charge_id = c.reverses
LEFT JOIN billing_package_use u ON u.facility_id = r.facility_id AND u.use_id = r.charge_id AND r.source = 'package'
LEFT JOIN billing_package_use ou ON ou.facility_id = r.facility_id AND ou.use_id = u.reverses
CROSS JOIN LATERAL (
    SELECT 'doctor'::text AS role, r.practitioner_id AS person_id
    UNION ALL
    SELECT 'referrer', (SELECT i.person_id FROM billing_involved i WHERE i.facility_id = r.facility_id AND i.bill_id = coalesce(u.on_bill, r.bill_id)
                        AND i.role = 'referrer' ORDER BY i.at DESC LIMIT 1)
    UNION ALL
    SELECT 'performer', (SELECT i.person_id FROM billing_involved i WHERE i.facility_id = r.facility_id AND i.bill_id = coalesce(u.on_bill, r.bill_id)
                         AND i.role = 'performer' AND i.charge_id = coalesce(c.discount_of, c.reverses, u.charge_id, r.charge_id)
                         ORDER BY i.at DESC LIMIT 1)) part
WHERE part.person_id IS NOT NULL;
GRANT SELECT ON billing_shared TO yba_app;

-- What reports may show of statements.
CREATE VIEW billing_report_statement WITH (security_invoker = true) AS
SELECT s.facility_id, s.statement_id, s.month, s.person_id, s.person_name, s.total_vnd, s.step, s.closed_at, s.closed_name, s.approved_at, s.approved_name
FROM billing_statement s;
GRANT SELECT ON billing_report_statement TO yba_app;
CREATE VIEW billing_report_statement_line WITH (security_invoker = true) AS
SELECT l.facility_id, l.statement_id, l.row_id, l.role, l.day, l.name, l.base_vnd, l.share_vnd, r.percent_bp, r.fixed_vnd
FROM billing_statement_line l JOIN billing_share_rule r ON r.facility_id = l.facility_id AND r.rule_id = l.rule_id;
GRANT SELECT ON billing_report_statement_line TO yba_app;
