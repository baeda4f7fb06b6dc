-- Sheets with the stock of the first day: kept as they came, so that what is written is what was checked.
CREATE TABLE inventory_opening (
    facility_id int         NOT NULL,
    opening_id  uuid        NOT NULL,
    store_id    uuid        NOT NULL,
    file_name   text        NOT NULL,
    file_sha256 text        NOT NULL,
    file        bytea       NOT NULL,
    uploaded_at timestamptz NOT NULL,
    uploaded_by uuid        NOT NULL,
    -- The document that the sheet became.
    document_id uuid,
    PRIMARY KEY (facility_id, opening_id)
);
SELECT db_tenant_table('inventory_opening');
REVOKE DELETE ON inventory_opening FROM yba_app;
-- The same file becomes one document for a store, not two.
CREATE UNIQUE INDEX inventory_opening_once ON inventory_opening (facility_id, store_id, file_sha256) WHERE document_id IS NOT NULL;
ALTER TABLE inventory_opening ADD FOREIGN KEY (facility_id, store_id) REFERENCES inventory_store (facility_id, store_id);
ALTER TABLE inventory_opening ADD FOREIGN KEY (facility_id, document_id) REFERENCES inventory_document (facility_id, document_id);
