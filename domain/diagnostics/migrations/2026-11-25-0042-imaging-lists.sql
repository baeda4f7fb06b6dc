-- The room's list also shows what was finished today; a year of finished orders must not be read for that.
CREATE INDEX diagnostics_order_imaged ON diagnostics_order (facility_id, done_at)
    WHERE status = 'done' AND kind IN ('imaging', 'procedure');
