-- What was done without an order in a basket: bed days, operations. The source line's id keeps a second telling out.
ALTER TABLE billing_charge DROP CONSTRAINT billing_charge_source_check;
ALTER TABLE billing_charge ADD CONSTRAINT billing_charge_source_check
    CHECK (source IN ('exam', 'order', 'drug', 'dispense', 'package', 'discount', 'cover', 'rendered'));
