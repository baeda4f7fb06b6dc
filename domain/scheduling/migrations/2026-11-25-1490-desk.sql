-- The round of every minute asks for those whose time is over; the desk asks for one phone number.
CREATE INDEX scheduling_appointment_due ON scheduling_appointment (facility_id, ends_at) WHERE status = 'confirmed';
CREATE INDEX scheduling_appointment_own_phone ON scheduling_appointment (facility_id, phone, starts_at DESC) WHERE phone <> '';
CREATE INDEX scheduling_appointment_follows ON scheduling_appointment (facility_id, follows) WHERE follows IS NOT NULL;
CREATE INDEX scheduling_appointment_kept ON scheduling_appointment (facility_id, starts_at) WHERE status IN ('held', 'pending', 'confirmed');
