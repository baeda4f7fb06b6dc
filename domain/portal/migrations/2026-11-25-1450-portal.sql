-- The citizen's door: codes sent to a phone, how often somebody tried, what a phone booked anywhere, ratings.

-- The code that proves a phone, whatever house it books at; only its seal is kept.
CREATE TABLE portal_code (
    phone       text        PRIMARY KEY CHECK (phone ~ '^0[0-9]{9,10}$'),
    seal        bytea       NOT NULL,
    sent_at     timestamptz NOT NULL,
    attempts    int         NOT NULL DEFAULT 0,
    -- Codes sent on the day of the last one.
    sent_today  int         NOT NULL DEFAULT 1
);
SELECT db_purpose_table('portal_code', 'portal');

-- How often one address or one phone tried something, since when.
CREATE TABLE portal_try (
    bucket      text        PRIMARY KEY CHECK (char_length(bucket) <= 120),
    since       timestamptz NOT NULL,
    count       int         NOT NULL
);
SELECT db_purpose_table('portal_try', 'portal');

-- A browser that proved a phone, until it says goodbye or a month is over.
CREATE TABLE portal_visit (
    visit_id    uuid        PRIMARY KEY,
    phone       text        NOT NULL CHECK (phone ~ '^0[0-9]{9,10}$'),
    made_at     timestamptz NOT NULL,
    user_agent  text        NOT NULL DEFAULT '' CHECK (char_length(user_agent) <= 300),
    ended_at    timestamptz
);
SELECT db_purpose_table('portal_visit', 'portal');

-- Which bookings a phone made, at whatever house: for the citizen's own list. Nobody lists it without that phone.
CREATE TABLE portal_booking (
    phone          text        NOT NULL,
    facility_id    int         NOT NULL,
    appointment_id uuid        NOT NULL,
    starts_at      timestamptz NOT NULL,
    PRIMARY KEY (phone, facility_id, appointment_id)
);
SELECT db_purpose_table('portal_booking', 'portal');
CREATE INDEX portal_booking_time ON portal_booking (phone, starts_at DESC);

-- One word about each finished visit.
CREATE TABLE portal_rating (
    facility_id     int         NOT NULL,
    appointment_id  uuid        NOT NULL,
    offer_id        uuid        NOT NULL,
    practitioner_id uuid,
    stars           smallint    NOT NULL CHECK (stars BETWEEN 1 AND 5),
    words           text        NOT NULL DEFAULT '' CHECK (char_length(words) <= 500),
    at              timestamptz NOT NULL,
    PRIMARY KEY (facility_id, appointment_id)
);
SELECT db_tenant_table('portal_rating');
SELECT db_append_only('portal_rating');
CREATE INDEX portal_rating_offer ON portal_rating (facility_id, offer_id);
