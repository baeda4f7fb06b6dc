-- Handing over changes the state of a prescription in place: no index may hang on that state. The queue looks at the
-- days in which a prescription is valid, which the index over the moment of issue finds alone.
DROP INDEX medication_prescription_to_supply;
ALTER TABLE medication_prescription SET (fillfactor = 85);
-- Lines of an issued prescription cannot go away (a trigger keeps them), so nothing needs to look them up again.
ALTER TABLE medication_fulfilment DROP CONSTRAINT medication_fulfilment_line_fk;
