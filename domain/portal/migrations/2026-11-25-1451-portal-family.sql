-- People whom the owner of a phone books for, and people who wait for a place.

CREATE TABLE portal_profile (
    phone       text        NOT NULL CHECK (phone ~ '^0[0-9]{9,10}$'),
    profile_id  uuid        NOT NULL,
    relation    text        NOT NULL CHECK (relation IN ('self', 'child', 'parent', 'spouse', 'other')),
    name        text        NOT NULL CHECK (name <> '' AND char_length(name) <= 100),
    -- As it is typed: a day, or a year alone.
    birth       text        NOT NULL CHECK (char_length(birth) <= 20),
    sex         text        NOT NULL CHECK (sex IN ('male', 'female', 'unknown')),
    cccd        text        NOT NULL DEFAULT '' CHECK (cccd ~ '^([0-9]{12})?$'),
    card_no     text        NOT NULL DEFAULT '' CHECK (char_length(card_no) <= 20),
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (phone, profile_id),
    CONSTRAINT portal_profile_once UNIQUE (phone, name, birth)
);
SELECT db_purpose_table('portal_profile', 'portal');

-- Who wants to be told when a full day has a place again; each phone once for an offer and day.
CREATE TABLE portal_wait (
    facility_id    int         NOT NULL,
    wait_id        uuid        NOT NULL,
    offer_id       uuid        NOT NULL,
    day            date        NOT NULL,
    phone          text        NOT NULL CHECK (phone ~ '^0[0-9]{9,10}$'),
    made_at        timestamptz NOT NULL,
    state          text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'offered', 'ended')),
    -- The place that is kept for this person alone.
    appointment_id uuid,
    PRIMARY KEY (facility_id, wait_id)
);
SELECT db_tenant_table('portal_wait');
CREATE UNIQUE INDEX portal_wait_once ON portal_wait (facility_id, offer_id, day, phone) WHERE state <> 'ended';
CREATE INDEX portal_wait_next ON portal_wait (facility_id, offer_id, day, made_at, wait_id) WHERE state = 'waiting';
CREATE INDEX portal_wait_offered ON portal_wait (facility_id, appointment_id) WHERE state = 'offered';
