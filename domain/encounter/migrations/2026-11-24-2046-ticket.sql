-- Queue tickets: one number per room and day, without a gap, and one active ticket per person, room and day.

-- The last number given in a room on a day. Its row lock makes numbers gapless: a rolled-back visit gives its number back.
CREATE TABLE encounter_ticket_sequence (
    facility_id  int   NOT NULL,
    room_id      uuid  NOT NULL,
    day          date  NOT NULL,
    last_number  int   NOT NULL CHECK (last_number BETWEEN 1 AND 9999),
    PRIMARY KEY (facility_id, room_id, day)
);
SELECT db_tenant_table('encounter_ticket_sequence');

CREATE TABLE encounter_ticket (
    facility_id     int         NOT NULL,
    ticket_id       uuid        NOT NULL,
    encounter_id    uuid        NOT NULL,
    person_id       uuid        NOT NULL,
    room_id         uuid        NOT NULL,
    day             date        NOT NULL,
    number          int         NOT NULL CHECK (number > 0),
    priority_class  text        NOT NULL,
    -- The name as public screens may show it ("N. V. An"); the board never touches the person's row.
    masked_name     text        NOT NULL,
    status          text        NOT NULL DEFAULT 'waiting'
                    CHECK (status IN ('waiting', 'called', 'serving', 'skipped', 'done', 'moved', 'cancelled')),
    issued_at       timestamptz NOT NULL,
    -- Where the ticket stands in line: its issue time, or later when the person came back after being skipped.
    queued_at       timestamptz NOT NULL,
    called_at       timestamptz,
    call_count      int         NOT NULL DEFAULT 0,
    called_by       uuid,
    closed_at       timestamptz,
    PRIMARY KEY (facility_id, ticket_id),
    UNIQUE (facility_id, room_id, day, number)
);
SELECT db_tenant_table('encounter_ticket');

CREATE UNIQUE INDEX encounter_ticket_one_active ON encounter_ticket (facility_id, person_id, room_id, day)
    WHERE status IN ('waiting', 'called', 'serving', 'skipped');
CREATE INDEX encounter_ticket_encounter ON encounter_ticket (facility_id, encounter_id);

ALTER TABLE encounter_ticket ADD CONSTRAINT encounter_ticket_encounter_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES encounter_encounter (facility_id, encounter_id);
ALTER TABLE encounter_ticket ADD CONSTRAINT encounter_ticket_room_fk
    FOREIGN KEY (facility_id, room_id) REFERENCES organization_room (facility_id, room_id);

-- Medicine is never erased: rows end, they do not go.
REVOKE DELETE ON encounter_ticket, encounter_ticket_sequence FROM yba_app;

-- The board on the wall is public and knows only the room's id: for that purpose alone a room tells its facility.
CREATE POLICY organization_room_board ON organization_room FOR SELECT
    USING (current_setting('yba.purpose', true) = 'board');
