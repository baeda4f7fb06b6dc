-- A movement is booked through its shelf and its balance, which point at the store and the lot: pointing there once
-- more from every movement only made all counters of a store lock that store's row together.
ALTER TABLE inventory_movement DROP CONSTRAINT inventory_movement_facility_id_store_id_fkey;
ALTER TABLE inventory_movement DROP CONSTRAINT inventory_movement_facility_id_lot_id_item_id_fkey;
