-- What a facility bought, from which day to which, as rows that are only ever added. A row says what holds from its
-- first day on, until its last day or until a later row begins; so every past day can be asked again.
CREATE TABLE organization_package_period (
    facility_id int  NOT NULL,
    seq         int  NOT NULL,
    package     text NOT NULL CHECK (package IN ('BASIC', 'STANDARD', 'PREMIUM1', 'PREMIUM2')),
    kind        text NOT NULL CHECK (kind IN ('trial', 'paid', 'contract', 'closed')),
    valid_from  date NOT NULL,
    valid_to    date CHECK (valid_to >= valid_from),
    -- The invoice, contract or wish behind it, in words for the person who reads the history.
    reason      text NOT NULL DEFAULT '',
    by_account  uuid,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (facility_id, seq)
);
SELECT db_tenant_table('organization_package_period');
SELECT db_append_only('organization_package_period');

-- A number that moves whenever the facility's name or package changes: the sign-in reads it with every request and so
-- knows at once that what it remembers is old.
CREATE TABLE organization_stamp (
    facility_id int NOT NULL,
    stamp       bigint NOT NULL,
    PRIMARY KEY (facility_id)
);
SELECT db_tenant_table('organization_stamp');
CREATE POLICY sign_in ON organization_stamp FOR SELECT USING (current_setting('yba.purpose', true) = 'sign-in');

CREATE FUNCTION organization_bump_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO organization_stamp (facility_id, stamp) VALUES (NEW.facility_id, 1)
    ON CONFLICT (facility_id) DO UPDATE SET stamp = organization_stamp.stamp + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER bump_stamp AFTER INSERT ON organization_package_period FOR EACH ROW EXECUTE FUNCTION organization_bump_stamp();
CREATE TRIGGER bump_stamp AFTER UPDATE OF code, name, short_name ON organization_facility
    FOR EACH ROW EXECUTE FUNCTION organization_bump_stamp();

-- Whoever sets a facility's package by hand (the operator's command, an invented world) writes a contract with it.
CREATE FUNCTION organization_package_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR (NEW.package, NEW.package_from, NEW.package_to) IS DISTINCT FROM (OLD.package, OLD.package_from, OLD.package_to) THEN
        INSERT INTO organization_package_period (facility_id, seq, package, kind, valid_from, valid_to, reason, by_account)
        SELECT NEW.facility_id, coalesce(max(seq), 0) + 1, NEW.package, 'contract', NEW.package_from, NEW.package_to, '', NEW.changed_by
        FROM organization_package_period WHERE facility_id = NEW.facility_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER package_by_hand AFTER INSERT OR UPDATE OF package, package_from, package_to ON organization_facility
    FOR EACH ROW WHEN (NEW.package IS NOT NULL) EXECUTE FUNCTION organization_package_by_hand();
-- A clinic that signs itself up has no package until its trial or its money begins one.
ALTER TABLE organization_facility ALTER COLUMN package DROP NOT NULL;

-- The facilities there are already.
ALTER TABLE organization_facility NO FORCE ROW LEVEL SECURITY;
ALTER TABLE organization_package_period NO FORCE ROW LEVEL SECURITY;
ALTER TABLE organization_stamp NO FORCE ROW LEVEL SECURITY;
INSERT INTO organization_package_period (facility_id, seq, package, kind, valid_from, valid_to)
SELECT facility_id, 1, package, 'contract', package_from, package_to FROM organization_facility;
ALTER TABLE organization_facility FORCE ROW LEVEL SECURITY;
ALTER TABLE organization_package_period FORCE ROW LEVEL SECURITY;
ALTER TABLE organization_stamp FORCE ROW LEVEL SECURITY;
