-- Messages to people: every one of them as it was sent, to whom, what became of it. Never anything clinical.

CREATE TABLE messaging_message (
    facility_id    int         NOT NULL,
    message_id     uuid        NOT NULL,
    -- The occasion, e.g. appointment/<id>/confirmed: the same occasion sends once.
    key            text        NOT NULL CHECK (char_length(key) <= 200),
    template       text        NOT NULL,
    to_phone       text        NOT NULL CHECK (to_phone ~ '^0[0-9]{9,10}$'),
    words          text        NOT NULL CHECK (char_length(words) <= 1000),
    parts          int         NOT NULL CHECK (parts BETWEEN 1 AND 20),
    appointment_id uuid,
    -- The version of the booking that a reminder speaks of; it is dropped when the booking moved on.
    starts_at      timestamptz,
    due_at         timestamptz NOT NULL,
    status         text        NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'held', 'sent', 'delivered', 'failed', 'dropped')),
    provider_no    text        NOT NULL DEFAULT '',
    reason         text        NOT NULL DEFAULT '' CHECK (char_length(reason) <= 300),
    made_at        timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    PRIMARY KEY (facility_id, message_id),
    CONSTRAINT messaging_message_once UNIQUE (facility_id, key)
);
SELECT db_tenant_table('messaging_message');
REVOKE DELETE ON messaging_message FROM yba_app;
CREATE INDEX messaging_message_day ON messaging_message (facility_id, made_at DESC, message_id DESC);
CREATE INDEX messaging_message_phone ON messaging_message (facility_id, to_phone, made_at DESC);
CREATE INDEX messaging_message_appointment ON messaging_message (facility_id, appointment_id) WHERE appointment_id IS NOT NULL;

-- A receipt names only the message; a reply names only the phone. Both are led to a house here.
CREATE TABLE messaging_route (
    message_id  uuid        NOT NULL PRIMARY KEY,
    facility_id int         NOT NULL,
    to_phone    text        NOT NULL,
    at          timestamptz NOT NULL
);
SELECT db_purpose_table('messaging_route', 'message-route');
CREATE INDEX messaging_route_phone ON messaging_route (to_phone, at DESC);

-- Who wants no reminders from this house. Codes and answers still come.
CREATE TABLE messaging_refusal (
    facility_id int         NOT NULL,
    phone       text        NOT NULL,
    since       timestamptz NOT NULL,
    PRIMARY KEY (facility_id, phone)
);
SELECT db_tenant_table('messaging_refusal');

-- What people wrote back, once for each message of the provider.
CREATE TABLE messaging_reply (
    facility_id  int         NOT NULL,
    reply_id     uuid        NOT NULL,
    provider_no  text        NOT NULL CHECK (char_length(provider_no) BETWEEN 1 AND 100),
    from_phone   text        NOT NULL,
    words        text        NOT NULL CHECK (char_length(words) <= 500),
    -- What was understood: confirm, cancel, stop, book or nothing.
    understood   text        NOT NULL DEFAULT '',
    appointment_id uuid,
    at           timestamptz NOT NULL,
    PRIMARY KEY (facility_id, reply_id),
    CONSTRAINT messaging_reply_once UNIQUE (facility_id, provider_no)
);
SELECT db_tenant_table('messaging_reply');
REVOKE DELETE ON messaging_reply FROM yba_app;
CREATE INDEX messaging_reply_time ON messaging_reply (facility_id, at DESC);

-- The words of a house where they differ from the usual ones; the newest row counts.
CREATE TABLE messaging_wording (
    facility_id int         NOT NULL,
    template    text        NOT NULL,
    made_at     timestamptz NOT NULL,
    words       text        NOT NULL CHECK (words <> '' AND char_length(words) <= 400),
    made_by     uuid        NOT NULL,
    PRIMARY KEY (facility_id, template, made_at)
);
SELECT db_tenant_table('messaging_wording');
SELECT db_append_only('messaging_wording');

-- Which reminders a house sends, and what it spends on messages in a month at the most.
CREATE TABLE messaging_setting (
    facility_id int         NOT NULL PRIMARY KEY,
    price_vnd   bigint      NOT NULL DEFAULT 850 CHECK (price_vnd BETWEEN 0 AND 100000),
    cap_vnd     bigint      CHECK (cap_vnd >= 0),
    day_before  boolean     NOT NULL DEFAULT true,
    hours_before boolean    NOT NULL DEFAULT true,
    changed_by  uuid,
    changed_at  timestamptz NOT NULL
);
SELECT db_tenant_table('messaging_setting');
REVOKE DELETE ON messaging_setting FROM yba_app;
