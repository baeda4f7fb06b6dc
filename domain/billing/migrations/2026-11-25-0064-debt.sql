-- Somebody leaves without paying everything: why, until when, who let them. What is owed stands on the bill itself; the last row
-- of a bill says what was promised.
CREATE TABLE billing_debt (
    facility_id int         NOT NULL,
    debt_id     uuid        NOT NULL,
    bill_id     uuid        NOT NULL,
    -- Owed when it was written.
    amount_vnd  bigint      NOT NULL CHECK (amount_vnd > 0),
    reason      text        NOT NULL CHECK (reason <> ''),
    promised_on date        NOT NULL,
    phone       text        NOT NULL DEFAULT '',
    step        text        NOT NULL CHECK (step IN ('waiting', 'granted', 'refused')),
    noted_at    timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    PRIMARY KEY (facility_id, debt_id)
);
SELECT db_tenant_table('billing_debt');
REVOKE DELETE ON billing_debt FROM yba_app;
CREATE INDEX billing_debt_bill ON billing_debt (facility_id, bill_id, noted_at DESC);
ALTER TABLE billing_debt ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_account (facility_id, bill_id);

-- That somebody was reminded, and what they said.
CREATE TABLE billing_debt_reminder (
    facility_id int         NOT NULL,
    reminder_id uuid        NOT NULL,
    bill_id     uuid        NOT NULL,
    note        text        NOT NULL CHECK (note <> ''),
    at          timestamptz NOT NULL,
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    PRIMARY KEY (facility_id, reminder_id)
);
SELECT db_tenant_table('billing_debt_reminder');
SELECT db_append_only('billing_debt_reminder');
CREATE INDEX billing_debt_reminder_bill ON billing_debt_reminder (facility_id, bill_id, at DESC);
ALTER TABLE billing_debt_reminder ADD FOREIGN KEY (facility_id, bill_id) REFERENCES billing_account (facility_id, bill_id);
