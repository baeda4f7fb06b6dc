-- Going home: what the doctor decided, the bed days that were charged, and the review of a death.

CREATE TABLE inpatient_discharge (
    facility_id    int  NOT NULL,
    encounter_id   uuid NOT NULL,
    patient_id     uuid NOT NULL,
    outcome        text NOT NULL CHECK (outcome IN ('recovered', 'improved', 'unchanged', 'worse', 'died')),
    way            text NOT NULL CHECK (way IN ('discharged', 'asked', 'left', 'taken_home', 'transferred')),
    leave_at       timestamptz NOT NULL,
    -- [{"code": "J18.9", "name": "…"}], the main one first.
    diagnoses      jsonb NOT NULL,
    course         text NOT NULL CHECK (course <> '' AND char_length(course) <= 8000),
    results        text NOT NULL DEFAULT '' CHECK (char_length(results) <= 8000),
    treatment      text NOT NULL CHECK (treatment <> '' AND char_length(treatment) <= 4000),
    condition      text NOT NULL CHECK (condition <> '' AND char_length(condition) <= 2000),
    advice         text NOT NULL DEFAULT '' CHECK (char_length(advice) <= 4000),
    follow_up_on   date,
    destination    text NOT NULL DEFAULT '' CHECK (char_length(destination) <= 300),
    death_cause    text NOT NULL DEFAULT '' CHECK (char_length(death_cause) <= 500),
    planned_at     timestamptz NOT NULL,
    planned_by     uuid NOT NULL,
    planned_name   text NOT NULL,
    closed_at      timestamptz,
    closed_name    text NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, encounter_id)
);
SELECT db_tenant_table('inpatient_discharge');
REVOKE DELETE ON inpatient_discharge FROM yba_app;
ALTER TABLE inpatient_discharge ADD CONSTRAINT inpatient_discharge_stay_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES inpatient_stay (facility_id, encounter_id);

-- Each bed day once: the line's id is what billing charges.
CREATE TABLE inpatient_bed_day (
    facility_id    int  NOT NULL,
    line_id        uuid NOT NULL,
    encounter_id   uuid NOT NULL,
    day            date NOT NULL,
    bed_id         uuid NOT NULL,
    service_id     uuid NOT NULL,
    quantity_milli bigint NOT NULL CHECK (quantity_milli BETWEEN 1 AND 1000),
    posted_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, line_id),
    CONSTRAINT inpatient_bed_day_once UNIQUE (facility_id, encounter_id, day, bed_id)
);
SELECT db_tenant_table('inpatient_bed_day');
SELECT db_append_only('inpatient_bed_day');
ALTER TABLE inpatient_bed_day ADD CONSTRAINT inpatient_bed_day_stay_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES inpatient_stay (facility_id, encounter_id);

CREATE TABLE inpatient_death_review (
    facility_id   int  NOT NULL,
    encounter_id  uuid NOT NULL,
    held_at       timestamptz NOT NULL,
    place         text NOT NULL DEFAULT '' CHECK (char_length(place) <= 200),
    chair_id      uuid NOT NULL,
    clerk_id      uuid NOT NULL,
    members       jsonb NOT NULL DEFAULT '[]',
    reception     text NOT NULL DEFAULT '' CHECK (char_length(reception) <= 4000),
    diagnosis     text NOT NULL CHECK (diagnosis <> '' AND char_length(diagnosis) <= 4000),
    treatment     text NOT NULL CHECK (treatment <> '' AND char_length(treatment) <= 4000),
    care          text NOT NULL CHECK (care <> '' AND char_length(care) <= 4000),
    conclusion    text NOT NULL CHECK (conclusion <> '' AND char_length(conclusion) <= 4000),
    at            timestamptz NOT NULL,
    by_account    uuid NOT NULL,
    by_name       text NOT NULL,
    PRIMARY KEY (facility_id, encounter_id)
);
SELECT db_tenant_table('inpatient_death_review');
REVOKE DELETE ON inpatient_death_review FROM yba_app;
ALTER TABLE inpatient_death_review ADD CONSTRAINT inpatient_death_review_stay_fk
    FOREIGN KEY (facility_id, encounter_id) REFERENCES inpatient_stay (facility_id, encounter_id);
