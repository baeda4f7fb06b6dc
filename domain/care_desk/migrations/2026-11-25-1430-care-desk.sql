-- The desk that calls people: what has to be called about, every contact that was made, and the telephone line.

-- One reason to call somebody. Facts of the booking stand here too, so that the list of the desk is one question.
CREATE TABLE care_desk_task (
    facility_id      int  NOT NULL,
    task_id          uuid NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('screening', 'missed_call', 'no_show', 'follow_up')),
    appointment_id   uuid,
    phone            text NOT NULL CHECK (char_length(phone) <= 20),
    name             text NOT NULL DEFAULT '' CHECK (char_length(name) <= 200),
    offer            text NOT NULL DEFAULT '' CHECK (char_length(offer) <= 200),
    channel          text NOT NULL DEFAULT '',
    wants_at         timestamptz,
    has_red_flag     boolean NOT NULL DEFAULT false,
    -- Called at the latest by then; not before ready_at.
    due_at           timestamptz NOT NULL,
    ready_at         timestamptz NOT NULL,
    state            text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'claimed', 'done', 'gone')),
    outcome          text NOT NULL DEFAULT '',
    -- How often nobody answered.
    tries            int  NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 20),
    claimed_by       uuid,
    claimed_name     text NOT NULL DEFAULT '',
    claimed_until    timestamptz,
    made_at          timestamptz NOT NULL,
    first_contact_at timestamptz,
    done_at          timestamptz,
    changed_at       timestamptz NOT NULL,
    PRIMARY KEY (facility_id, task_id),
    CHECK ((state = 'claimed') = (claimed_by IS NOT NULL AND claimed_until IS NOT NULL)),
    CHECK ((state IN ('done', 'gone')) = (done_at IS NOT NULL))
);
SELECT db_tenant_table('care_desk_task');
REVOKE DELETE ON care_desk_task FROM yba_app;
-- A booking waits for one call of a kind at a time; so does a number that nobody answered.
CREATE UNIQUE INDEX care_desk_task_once ON care_desk_task (facility_id, appointment_id, kind) WHERE appointment_id IS NOT NULL AND state IN ('open', 'claimed');
CREATE UNIQUE INDEX care_desk_task_missed ON care_desk_task (facility_id, phone) WHERE kind = 'missed_call' AND state IN ('open', 'claimed');
CREATE INDEX care_desk_task_due ON care_desk_task (facility_id, due_at, task_id) WHERE state IN ('open', 'claimed');
CREATE INDEX care_desk_task_made ON care_desk_task (facility_id, made_at);

-- Every time somebody was reached, or was not. Never changed.
CREATE TABLE care_desk_contact (
    facility_id    int  NOT NULL,
    contact_id     uuid NOT NULL,
    task_id        uuid,
    appointment_id uuid,
    call_id        text NOT NULL DEFAULT '',
    phone          text NOT NULL,
    direction      text NOT NULL CHECK (direction IN ('in', 'out')),
    outcome        text NOT NULL,
    -- As long as the telephone system measured; NULL where none is connected.
    seconds        int CHECK (seconds >= 0),
    note           text NOT NULL DEFAULT '' CHECK (char_length(note) <= 1000),
    at             timestamptz NOT NULL,
    by_account     uuid NOT NULL,
    by_name        text NOT NULL,
    PRIMARY KEY (facility_id, contact_id)
);
SELECT db_tenant_table('care_desk_contact');
SELECT db_append_only('care_desk_contact');
CREATE INDEX care_desk_contact_phone ON care_desk_contact (facility_id, phone, at DESC);
CREATE INDEX care_desk_contact_at ON care_desk_contact (facility_id, at);

-- The telephone system of the house: the key it signs with, and where it takes wishes to dial.
CREATE TABLE care_desk_line (
    facility_id   int  PRIMARY KEY,
    facility_code text NOT NULL,
    secret        text NOT NULL CHECK (char_length(secret) BETWEEN 16 AND 200),
    pbx_url       text NOT NULL DEFAULT '' CHECK (char_length(pbx_url) <= 300),
    changed_at    timestamptz NOT NULL,
    changed_by    uuid NOT NULL
);
SELECT db_tenant_table('care_desk_line');
CREATE INDEX care_desk_line_code ON care_desk_line (facility_code);
-- The webhook asks, without a facility, whose line this is.
CREATE POLICY hook ON care_desk_line FOR SELECT USING (current_setting('yba.purpose', true) = 'telephone-hook');

-- Whose apparatus is which.
CREATE TABLE care_desk_extension (
    facility_id int  NOT NULL,
    extension   text NOT NULL CHECK (extension ~ '^[0-9]{2,8}$'),
    account_id  uuid NOT NULL,
    changed_at  timestamptz NOT NULL,
    changed_by  uuid NOT NULL,
    PRIMARY KEY (facility_id, extension),
    UNIQUE (facility_id, account_id)
);
SELECT db_tenant_table('care_desk_extension');

-- A call as the telephone system told it, whatever order its words came in.
CREATE TABLE care_desk_call (
    facility_id    int  NOT NULL,
    call_id        text NOT NULL CHECK (char_length(call_id) BETWEEN 1 AND 100),
    direction      text NOT NULL CHECK (direction IN ('in', 'out')),
    phone          text NOT NULL,
    extension      text NOT NULL DEFAULT '',
    account_id     uuid,
    state          text NOT NULL CHECK (state IN ('ringing', 'answered', 'ended', 'missed')),
    began_at       timestamptz NOT NULL,
    answered_at    timestamptz,
    ended_at       timestamptz,
    seconds        int CHECK (seconds >= 0),
    recording_url  text NOT NULL DEFAULT '' CHECK (char_length(recording_url) <= 500),
    PRIMARY KEY (facility_id, call_id)
);
SELECT db_tenant_table('care_desk_call');
REVOKE DELETE ON care_desk_call FROM yba_app;
CREATE INDEX care_desk_call_account ON care_desk_call (facility_id, account_id, began_at DESC) WHERE account_id IS NOT NULL;

-- What the telephone system said, once each.
CREATE TABLE care_desk_call_word (
    facility_id int  NOT NULL,
    call_id     text NOT NULL,
    event       text NOT NULL,
    at          timestamptz NOT NULL,
    heard_at    timestamptz NOT NULL,
    PRIMARY KEY (facility_id, call_id, event)
);
SELECT db_tenant_table('care_desk_call_word');
SELECT db_append_only('care_desk_call_word');

-- A wish to be connected, and what became of it.
CREATE TABLE care_desk_dial (
    facility_id    int  NOT NULL,
    dial_key       text NOT NULL CHECK (char_length(dial_key) BETWEEN 1 AND 100),
    account_id     uuid NOT NULL,
    extension      text NOT NULL,
    phone          text NOT NULL,
    appointment_id uuid,
    patient_id     uuid,
    state          text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'taken', 'failed')),
    tries          int  NOT NULL DEFAULT 0,
    problem        text NOT NULL DEFAULT '' CHECK (char_length(problem) <= 300),
    made_at        timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    PRIMARY KEY (facility_id, dial_key)
);
SELECT db_tenant_table('care_desk_dial');
REVOKE DELETE ON care_desk_dial FROM yba_app;
CREATE INDEX care_desk_dial_account ON care_desk_dial (facility_id, account_id, made_at DESC);
