-- Reports ask for the movements of a day in Vietnam, as their views say it.
CREATE INDEX inventory_movement_day ON inventory_movement (facility_id, ((at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date));
