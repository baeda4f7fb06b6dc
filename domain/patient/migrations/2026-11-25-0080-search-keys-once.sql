-- Registration is mostly search keys. A record now remembers its own keys, so that they can be taken away without an
-- index of their own, and record numbers are looked up in the record itself instead of as two keys more.
ALTER TABLE patient_patient ADD COLUMN search_keys text[] NOT NULL DEFAULT '{}';
DELETE FROM patient_search s USING patient_patient p
WHERE p.facility_id = s.facility_id
  AND s.key IN ('#' || lower(replace(p.record_no, '-', '')), '#' || p.record_seq)
  AND s.patient_id IN (p.patient_id, p.merged_into);
UPDATE patient_patient p SET search_keys = k.keys
FROM (SELECT facility_id, patient_id, array_agg(key) AS keys FROM patient_search GROUP BY 1, 2) k
WHERE k.facility_id = p.facility_id AND k.patient_id = p.patient_id;
DROP INDEX patient_search_patient;
