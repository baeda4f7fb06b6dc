-- A stay is an encounter of its own class (HL7 v3 ActCode: AMB = visit, EMER = emergency, IMP = stay). It has no
-- queue ticket; its room is the ward where the patient lies now; the visit that led to it is named.
ALTER TABLE encounter_encounter ADD COLUMN class text NOT NULL DEFAULT 'AMB' CHECK (class IN ('AMB', 'EMER', 'IMP'));
ALTER TABLE encounter_encounter ADD COLUMN from_encounter_id uuid;
-- The people who lie in a ward now.
CREATE INDEX encounter_encounter_ward ON encounter_encounter (facility_id, room_id, opened_at)
    WHERE class = 'IMP' AND status IN ('arrived', 'in_progress');
