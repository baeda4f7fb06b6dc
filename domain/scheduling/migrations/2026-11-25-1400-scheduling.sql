-- Bookings. What can be booked (offer), when (weekly rule, closure, session, slot), and who booked (appointment). Places are
-- counted by the database itself: whatever writes an appointment moves the counters of its slot and of its channel, and a
-- check refuses the one too many, so that no path can sell a place twice.

-- What people book: an examination, a consultation by video, a package of services on one route.
CREATE TABLE scheduling_offer (
    facility_id      int  NOT NULL,
    offer_id         uuid NOT NULL,
    name             text NOT NULL CHECK (name <> '' AND char_length(name) <= 120),
    name_folded      text NOT NULL,
    -- Key of the list of specialties, e.g. 'pediatrics'.
    specialty        text NOT NULL CHECK (specialty ~ '^[a-z_]{2,40}$'),
    mode             text NOT NULL DEFAULT 'in_person' CHECK (mode IN ('in_person', 'video')),
    -- The service that billing prices, and the room's usual one when absent.
    service_id       uuid,
    takes_bhyt       boolean NOT NULL DEFAULT true,
    -- Screened by phone before it counts as confirmed.
    is_screened      boolean NOT NULL DEFAULT true,
    -- Booked at the latest so long before it begins; changed or cancelled by the patient at the latest so long before.
    notice_minutes   int  NOT NULL DEFAULT 60 CHECK (notice_minutes BETWEEN 0 AND 10080),
    cutoff_minutes   int  NOT NULL DEFAULT 120 CHECK (cutoff_minutes BETWEEN 0 AND 10080),
    horizon_days     int  NOT NULL DEFAULT 30 CHECK (horizon_days BETWEEN 1 AND 366),
    -- How long a place is kept while a form is being filled, and how long while it waits for the screening call.
    hold_minutes     int  NOT NULL DEFAULT 10 CHECK (hold_minutes BETWEEN 1 AND 120),
    screening_hours  int  NOT NULL DEFAULT 24 CHECK (screening_hours BETWEEN 1 AND 168),
    -- What to bring or do, shown to the patient.
    preparation      text NOT NULL DEFAULT '' CHECK (char_length(preparation) <= 500),
    active_from      date NOT NULL,
    active_to        date CHECK (active_to >= active_from),
    changed_by       uuid,
    changed_at       timestamptz NOT NULL,
    PRIMARY KEY (facility_id, offer_id)
);
SELECT db_tenant_table('scheduling_offer');
REVOKE DELETE ON scheduling_offer FROM yba_app;
ALTER TABLE scheduling_offer ADD FOREIGN KEY (facility_id, service_id) REFERENCES organization_service (facility_id, service_id);

-- A weekly rule: on this weekday, from when to when, who, where, how many.
CREATE TABLE scheduling_rule (
    facility_id     int  NOT NULL,
    rule_id         uuid NOT NULL,
    offer_id        uuid NOT NULL,
    practitioner_id uuid,
    room_id         uuid NOT NULL,
    -- 1 Monday … 7 Sunday.
    weekday         smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    starts          time NOT NULL,
    ends            time NOT NULL CHECK (ends > starts),
    -- Length of one time; NULL makes the whole session one time ("in the morning").
    slot_minutes    int CHECK (slot_minutes BETWEEN 5 AND 480),
    buffer_minutes  int NOT NULL DEFAULT 0 CHECK (buffer_minutes BETWEEN 0 AND 120),
    -- Places of each time, and places that only staff may add on top.
    capacity        int NOT NULL CHECK (capacity BETWEEN 1 AND 500),
    extra           int NOT NULL DEFAULT 0 CHECK (extra BETWEEN 0 AND 100),
    -- Most bookings of one session by channel, e.g. {"app": 10}; a channel that is not named has no limit of its own.
    quotas          jsonb NOT NULL DEFAULT '{}',
    valid_from      date NOT NULL,
    valid_to        date CHECK (valid_to >= valid_from),
    changed_by      uuid,
    changed_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, rule_id)
);
SELECT db_tenant_table('scheduling_rule');
REVOKE DELETE ON scheduling_rule FROM yba_app;
ALTER TABLE scheduling_rule ADD FOREIGN KEY (facility_id, offer_id) REFERENCES scheduling_offer (facility_id, offer_id);
ALTER TABLE scheduling_rule ADD FOREIGN KEY (facility_id, room_id) REFERENCES organization_room (facility_id, room_id);
ALTER TABLE scheduling_rule ADD FOREIGN KEY (facility_id, practitioner_id) REFERENCES practitioner_practitioner (facility_id, practitioner_id);

-- When nobody is served: a holiday of the house, a doctor's day off, a room under repair.
CREATE TABLE scheduling_closure (
    facility_id     int         NOT NULL,
    closure_id      uuid        NOT NULL,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL CHECK (ends_at > starts_at),
    practitioner_id uuid,
    room_id         uuid,
    reason          text        NOT NULL CHECK (reason <> '' AND char_length(reason) <= 200),
    made_by         uuid        NOT NULL,
    made_at         timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (facility_id, closure_id)
);
SELECT db_tenant_table('scheduling_closure');
REVOKE DELETE ON scheduling_closure FROM yba_app;
CREATE INDEX scheduling_closure_time ON scheduling_closure (facility_id, ends_at) WHERE ended_at IS NULL;

-- A stretch of one day, made from a rule or by hand. Nobody and no room can be in two at once.
CREATE TABLE scheduling_session (
    facility_id     int         NOT NULL,
    session_id      uuid        NOT NULL,
    rule_id         uuid,
    offer_id        uuid        NOT NULL,
    practitioner_id uuid,
    -- The doctor's name as the public sees it, so that the search of a province needs no staff list.
    doctor          text        NOT NULL DEFAULT '',
    room_id         uuid        NOT NULL,
    day             date        NOT NULL,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL CHECK (ends_at > starts_at),
    status          text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed', 'cancelled')),
    reason          text        NOT NULL DEFAULT '' CHECK (char_length(reason) <= 200),
    made_at         timestamptz NOT NULL,
    version         int         NOT NULL DEFAULT 1,
    PRIMARY KEY (facility_id, session_id),
    CONSTRAINT scheduling_session_rule_once UNIQUE (facility_id, rule_id, day),
    CONSTRAINT scheduling_session_practitioner_once EXCLUDE USING gist
        (facility_id WITH =, practitioner_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (status = 'open'),
    CONSTRAINT scheduling_session_room_once EXCLUDE USING gist
        (facility_id WITH =, room_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (status = 'open')
);
SELECT db_tenant_table('scheduling_session');
REVOKE DELETE ON scheduling_session FROM yba_app;
CREATE INDEX scheduling_session_day ON scheduling_session (facility_id, day, starts_at);
ALTER TABLE scheduling_session ADD FOREIGN KEY (facility_id, offer_id) REFERENCES scheduling_offer (facility_id, offer_id);
ALTER TABLE scheduling_session ADD FOREIGN KEY (facility_id, room_id) REFERENCES organization_room (facility_id, room_id);
ALTER TABLE scheduling_session ADD FOREIGN KEY (facility_id, practitioner_id) REFERENCES practitioner_practitioner (facility_id, practitioner_id);

-- One time of a session with its places.
CREATE TABLE scheduling_slot (
    facility_id     int         NOT NULL,
    slot_id         uuid        NOT NULL,
    session_id      uuid        NOT NULL,
    offer_id        uuid        NOT NULL,
    practitioner_id uuid,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL CHECK (ends_at > starts_at),
    capacity        int         NOT NULL,
    taken           int         NOT NULL DEFAULT 0,
    extra           int         NOT NULL DEFAULT 0,
    extra_taken     int         NOT NULL DEFAULT 0,
    is_open         boolean     NOT NULL DEFAULT true,
    PRIMARY KEY (facility_id, slot_id),
    CONSTRAINT scheduling_slot_places CHECK (taken BETWEEN 0 AND capacity),
    CONSTRAINT scheduling_slot_extra CHECK (extra_taken BETWEEN 0 AND extra)
);
SELECT db_tenant_table('scheduling_slot');
REVOKE DELETE ON scheduling_slot FROM yba_app;
CREATE INDEX scheduling_slot_session ON scheduling_slot (facility_id, session_id, starts_at);
CREATE INDEX scheduling_slot_free ON scheduling_slot (facility_id, offer_id, starts_at) WHERE is_open AND taken < capacity;
ALTER TABLE scheduling_slot ADD FOREIGN KEY (facility_id, session_id) REFERENCES scheduling_session (facility_id, session_id);

-- How much of a session one channel may take.
CREATE TABLE scheduling_quota (
    facility_id int  NOT NULL,
    session_id  uuid NOT NULL,
    channel     text NOT NULL,
    allowed     int  NOT NULL CHECK (allowed >= 0),
    taken       int  NOT NULL DEFAULT 0,
    PRIMARY KEY (facility_id, session_id, channel),
    CONSTRAINT scheduling_quota_places CHECK (taken BETWEEN 0 AND allowed)
);
SELECT db_tenant_table('scheduling_quota');
REVOKE DELETE ON scheduling_quota FROM yba_app;
ALTER TABLE scheduling_quota ADD FOREIGN KEY (facility_id, session_id) REFERENCES scheduling_session (facility_id, session_id);

-- Free times are public: the search of a province reads them across facilities, and nothing else.
CREATE POLICY availability ON scheduling_offer FOR SELECT USING (current_setting('yba.purpose', true) = 'availability');
CREATE POLICY availability ON scheduling_session FOR SELECT USING (current_setting('yba.purpose', true) = 'availability');
CREATE POLICY availability ON scheduling_slot FOR SELECT USING (current_setting('yba.purpose', true) = 'availability');

-- A booking through all its life. The person is written as they were told, and as the facility's own patient once known.
CREATE TABLE scheduling_appointment (
    facility_id      int         NOT NULL,
    appointment_id   uuid        NOT NULL,
    version          int         NOT NULL DEFAULT 1,
    status           text        NOT NULL
                     CHECK (status IN ('held', 'pending', 'confirmed', 'arrived', 'fulfilled', 'cancelled', 'refused', 'expired', 'noshow', 'moved')),
    channel          text        NOT NULL
                     CHECK (channel IN ('app', 'web', 'call', 'sms', 'chat', 'kiosk', 'walk_in', 'partner', 'follow_up', 'desk')),
    offer_id         uuid        NOT NULL,
    session_id       uuid        NOT NULL,
    slot_id          uuid        NOT NULL,
    practitioner_id  uuid,
    room_id          uuid        NOT NULL,
    mode             text        NOT NULL,
    day              date        NOT NULL,
    starts_at        timestamptz NOT NULL,
    ends_at          timestamptz NOT NULL,
    -- On top of the places, by staff.
    is_extra         boolean     NOT NULL DEFAULT false,
    -- Bookings made together for one route (examination, laboratory, ultrasound).
    group_id         uuid,
    -- The visit whose doctor asked to come again; the booking this one took the place of, and the one that took its place.
    follows          uuid,
    moved_from       uuid,
    moved_to         uuid,
    -- Who booked: an account of the citizen's door, a partner, or a number alone.
    account_id       uuid,
    partner_id       uuid,
    booker_name      text        NOT NULL DEFAULT '' CHECK (char_length(booker_name) <= 100),
    booker_phone     text        NOT NULL DEFAULT '',
    relation         text        NOT NULL DEFAULT 'self' CHECK (relation IN ('self', 'child', 'parent', 'spouse', 'other')),
    -- Whom it is for.
    patient_id       uuid,
    person_key       text        NOT NULL,
    name             text        NOT NULL CHECK (char_length(name) <= 100),
    name_folded      text        NOT NULL,
    birth_date       date,
    birth_year_only  boolean     NOT NULL DEFAULT false,
    sex              text        NOT NULL DEFAULT 'unknown' CHECK (sex IN ('male', 'female', 'unknown')),
    phone            text        NOT NULL DEFAULT '',
    cccd             text        NOT NULL DEFAULT '' CHECK (cccd ~ '^([0-9]{12})?$'),
    card_no          text        NOT NULL DEFAULT '' CHECK (char_length(card_no) <= 20),
    wants_bhyt       boolean     NOT NULL DEFAULT false,
    reason           text        NOT NULL DEFAULT '' CHECK (char_length(reason) <= 500),
    -- Answers of the screening by question key, with the version of the questions under "version"; a sign of danger among them.
    answers          jsonb       NOT NULL DEFAULT '{}',
    has_red_flag     boolean     NOT NULL DEFAULT false,
    note             text        NOT NULL DEFAULT '' CHECK (char_length(note) <= 1000),
    priority_class   text        NOT NULL DEFAULT 'none',
    -- While held or waiting for screening: until when the place is kept.
    held_until       timestamptz,
    -- Given when it is confirmed.
    queue_no         int,
    code             text        NOT NULL DEFAULT '',
    -- Where another system keeps the queue of the house: did it take the booking, and what did it answer.
    his_state        text        NOT NULL DEFAULT 'none' CHECK (his_state IN ('none', 'waiting', 'accepted', 'refused')),
    his_answer       jsonb       NOT NULL DEFAULT '{}',
    -- What is to be paid before the visit, in đồng, and when it was.
    due_vnd          bigint      NOT NULL DEFAULT 0 CHECK (due_vnd >= 0),
    paid_at          timestamptz,
    encounter_id     uuid,
    arrived_at       timestamptz,
    ended_by         text        NOT NULL DEFAULT '' CHECK (ended_by IN ('', 'patient', 'facility', 'system', 'partner')),
    end_reason       text        NOT NULL DEFAULT '' CHECK (char_length(end_reason) <= 500),
    request_hash     text        NOT NULL DEFAULT '',
    made_by          uuid        NOT NULL,
    made_at          timestamptz NOT NULL,
    changed_at       timestamptz NOT NULL,
    PRIMARY KEY (facility_id, appointment_id)
);
SELECT db_tenant_table('scheduling_appointment');
REVOKE DELETE ON scheduling_appointment FROM yba_app;
CREATE INDEX scheduling_appointment_day ON scheduling_appointment (facility_id, day, starts_at);
CREATE INDEX scheduling_appointment_slot ON scheduling_appointment (facility_id, slot_id) WHERE status IN ('held', 'pending');
CREATE INDEX scheduling_appointment_work ON scheduling_appointment (facility_id, status, held_until) WHERE status IN ('held', 'pending');
CREATE INDEX scheduling_appointment_phone ON scheduling_appointment (facility_id, booker_phone, starts_at DESC);
CREATE INDEX scheduling_appointment_patient ON scheduling_appointment (facility_id, patient_id, starts_at DESC) WHERE patient_id IS NOT NULL;
CREATE INDEX scheduling_appointment_encounter ON scheduling_appointment (facility_id, encounter_id) WHERE encounter_id IS NOT NULL;
ALTER TABLE scheduling_appointment ADD FOREIGN KEY (facility_id, slot_id) REFERENCES scheduling_slot (facility_id, slot_id);
ALTER TABLE scheduling_appointment ADD FOREIGN KEY (facility_id, patient_id) REFERENCES patient_patient (facility_id, patient_id);
ALTER TABLE scheduling_appointment ADD FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);

-- Every step a booking took.
CREATE TABLE scheduling_step (
    facility_id    int         NOT NULL,
    appointment_id uuid        NOT NULL,
    version        int         NOT NULL,
    from_status    text        NOT NULL,
    to_status      text        NOT NULL,
    at             timestamptz NOT NULL,
    by_account     uuid        NOT NULL,
    by_name        text        NOT NULL,
    reason         text        NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, appointment_id, version)
);
SELECT db_tenant_table('scheduling_step');
SELECT db_append_only('scheduling_step');

-- A code leads to its booking from anywhere (a message, a kiosk, the public page); nobody lists this table.
CREATE TABLE scheduling_code (
    code           text NOT NULL PRIMARY KEY CHECK (code ~ '^[0-9A-Z]{9}$'),
    facility_id    int  NOT NULL,
    appointment_id uuid NOT NULL
);
SELECT db_purpose_table('scheduling_code', 'booking');
REVOKE UPDATE, DELETE ON scheduling_code FROM yba_app;

-- One human being is in one place at a time, whatever the facility. The row goes when the booking ends.
CREATE TABLE scheduling_claim (
    appointment_id uuid        NOT NULL PRIMARY KEY,
    facility_id    int         NOT NULL,
    person_key     text        NOT NULL,
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    CONSTRAINT scheduling_claim_once EXCLUDE USING gist (person_key WITH =, tstzrange(starts_at, ends_at) WITH &&)
);
SELECT db_purpose_table('scheduling_claim', 'booking');

CREATE FUNCTION scheduling_find_code(wanted text) RETURNS TABLE (facility_id int, appointment_id uuid)
    LANGUAGE sql STABLE SET yba.purpose = 'booking'
    AS $$ SELECT c.facility_id, c.appointment_id FROM scheduling_code c WHERE c.code = wanted $$;

-- Counting. A booking takes a place as long as its status holds one.
CREATE FUNCTION scheduling_holds_place(status text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT status IN ('held', 'pending', 'confirmed', 'arrived', 'fulfilled', 'noshow')
$$;

CREATE FUNCTION scheduling_take_place(a scheduling_appointment) RETURNS void LANGUAGE plpgsql SET yba.purpose = 'booking' AS $$
BEGIN
    UPDATE scheduling_slot SET taken = taken + CASE WHEN a.is_extra THEN 0 ELSE 1 END,
                               extra_taken = extra_taken + CASE WHEN a.is_extra THEN 1 ELSE 0 END
    WHERE facility_id = a.facility_id AND slot_id = a.slot_id AND is_open;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'slot % is not open', a.slot_id USING ERRCODE = 'check_violation', CONSTRAINT = 'scheduling_slot_open';
    END IF;
    UPDATE scheduling_quota SET taken = taken + 1
    WHERE facility_id = a.facility_id AND session_id = a.session_id AND channel = a.channel AND NOT a.is_extra;
    -- A whole morning says nothing about where somebody is at nine; only a short time does. Who walks in is here already.
    IF a.ends_at - a.starts_at <= interval '90 minutes' AND a.channel <> 'walk_in' THEN
        INSERT INTO scheduling_claim (appointment_id, facility_id, person_key, starts_at, ends_at)
        VALUES (a.appointment_id, a.facility_id, a.person_key, a.starts_at, a.ends_at);
    END IF;
END $$;

CREATE FUNCTION scheduling_give_place_back(a scheduling_appointment) RETURNS void LANGUAGE plpgsql SET yba.purpose = 'booking' AS $$
BEGIN
    UPDATE scheduling_slot SET taken = taken - CASE WHEN a.is_extra THEN 0 ELSE 1 END,
                               extra_taken = extra_taken - CASE WHEN a.is_extra THEN 1 ELSE 0 END
    WHERE facility_id = a.facility_id AND slot_id = a.slot_id;
    UPDATE scheduling_quota SET taken = taken - 1
    WHERE facility_id = a.facility_id AND session_id = a.session_id AND channel = a.channel AND NOT a.is_extra;
    DELETE FROM scheduling_claim WHERE appointment_id = a.appointment_id;
END $$;

CREATE FUNCTION scheduling_count_places() RETURNS trigger LANGUAGE plpgsql SET yba.purpose = 'booking' AS $$
BEGIN
    IF NEW.code <> '' AND (TG_OP = 'INSERT' OR OLD.code = '') THEN
        INSERT INTO scheduling_code (code, facility_id, appointment_id) VALUES (NEW.code, NEW.facility_id, NEW.appointment_id);
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF scheduling_holds_place(NEW.status) THEN PERFORM scheduling_take_place(NEW); END IF;
        RETURN NEW;
    END IF;
    IF (NEW.slot_id, NEW.session_id, NEW.is_extra, NEW.channel) IS DISTINCT FROM (OLD.slot_id, OLD.session_id, OLD.is_extra, OLD.channel) THEN
        RAISE EXCEPTION 'a booking keeps its place; book another one' USING ERRCODE = 'check_violation', CONSTRAINT = 'scheduling_appointment_keeps_place';
    END IF;
    IF NEW.person_key <> OLD.person_key AND scheduling_holds_place(NEW.status) THEN
        UPDATE scheduling_claim SET person_key = NEW.person_key WHERE appointment_id = NEW.appointment_id;
    END IF;
    IF scheduling_holds_place(OLD.status) AND NOT scheduling_holds_place(NEW.status) THEN PERFORM scheduling_give_place_back(OLD); END IF;
    IF NOT scheduling_holds_place(OLD.status) AND scheduling_holds_place(NEW.status) THEN PERFORM scheduling_take_place(NEW); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER count_places AFTER INSERT OR UPDATE ON scheduling_appointment FOR EACH ROW EXECUTE FUNCTION scheduling_count_places();
