-- Lists that grow by millions: the money of a paper, and the papers of a shift, are found without reading the others.
CREATE INDEX billing_payment_receipt ON billing_payment (facility_id, receipt_id);
CREATE INDEX billing_receipt_shift ON billing_receipt (facility_id, shift_id, issued_at) WHERE shift_id IS NOT NULL;
