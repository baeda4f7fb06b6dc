-- An archived or destroyed record refuses writes here, in the database: whoever asks, by whatever way.

CREATE FUNCTION record_refuse_locked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    facility int := CASE TG_OP WHEN 'DELETE' THEN OLD.facility_id ELSE NEW.facility_id END;
    document uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.document_id ELSE NEW.document_id END;
    holder uuid;
    state text;
BEGIN
    -- The timestamp that keeps a signed file provable for decades comes after the lock; it adds and changes nothing.
    IF TG_TABLE_NAME = 'record_signature' AND TG_OP = 'INSERT' AND to_jsonb(NEW)->>'role' = 'luu_tru' THEN
        RETURN NEW;
    END IF;
    -- Two register entries of one human being were merged: whose paper it is follows, what it says does not change.
    IF TG_TABLE_NAME = 'record_document' AND TG_OP = 'UPDATE' THEN
        IF to_jsonb(OLD) - '{patient_id,person_id}'::text[] = to_jsonb(NEW) - '{patient_id,person_id}'::text[] THEN
            RETURN NEW;
        END IF;
    END IF;
    IF TG_TABLE_NAME = 'record_document' THEN
        holder := (CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END ->> 'record_id')::uuid;
    ELSE
        SELECT d.record_id INTO holder FROM record_document d WHERE d.facility_id = facility AND d.document_id = document;
    END IF;
    -- FOR KEY SHARE waits for whoever is archiving at this very moment, and for nobody else.
    SELECT r.status INTO state FROM record_record r WHERE r.facility_id = facility AND r.record_id = holder FOR KEY SHARE;
    IF state IN ('archived', 'destroyed') THEN
        RAISE EXCEPTION 'record % is %', holder, state USING ERRCODE = 'restrict_violation', CONSTRAINT = 'record_locked';
    END IF;
    -- A paper is moved to another record only while that one is open too.
    IF TG_TABLE_NAME = 'record_document' AND TG_OP = 'UPDATE' THEN
        IF (to_jsonb(OLD)->>'record_id')::uuid IS DISTINCT FROM holder THEN
            SELECT r.status INTO state FROM record_record r
            WHERE r.facility_id = facility AND r.record_id = (to_jsonb(OLD)->>'record_id')::uuid FOR KEY SHARE;
            IF state IN ('archived', 'destroyed') THEN
                RAISE EXCEPTION 'record of document % is %', document, state USING ERRCODE = 'restrict_violation', CONSTRAINT = 'record_locked';
            END IF;
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER locked BEFORE INSERT OR UPDATE OR DELETE ON record_document FOR EACH ROW EXECUTE FUNCTION record_refuse_locked();
CREATE TRIGGER locked BEFORE INSERT OR UPDATE OR DELETE ON record_draft FOR EACH ROW EXECUTE FUNCTION record_refuse_locked();
CREATE TRIGGER locked BEFORE INSERT ON record_version FOR EACH ROW EXECUTE FUNCTION record_refuse_locked();
CREATE TRIGGER locked BEFORE INSERT ON record_signature FOR EACH ROW EXECUTE FUNCTION record_refuse_locked();

-- A document that has a finished version is never deleted, nor is any record.
CREATE FUNCTION record_refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'record_record' OR (to_jsonb(OLD)->>'version')::int > 0 THEN
        RAISE EXCEPTION 'a row of % is never removed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER kept BEFORE DELETE ON record_record FOR EACH ROW EXECUTE FUNCTION record_refuse_removal();
CREATE TRIGGER kept BEFORE DELETE ON record_document FOR EACH ROW EXECUTE FUNCTION record_refuse_removal();

-- The cover itself: which step may follow which (the same table stands in archive/status.rs, and a test compares them),
-- and that nothing of an archived cover changes but how long it must be kept and, after a merge, whose it is.
CREATE FUNCTION record_refuse_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('open', 'completing'), ('completing', 'submitted'), ('submitted', 'returned'), ('submitted', 'archived'), ('returned', 'submitted'),
        ('archived', 'reopened'), ('reopened', 'submitted'), ('archived', 'destroyed')) THEN
        RAISE EXCEPTION 'record % goes not from % to %', OLD.record_id, OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'record_step';
    END IF;
    IF OLD.archive_no <> '' AND OLD.archive_no <> NEW.archive_no THEN
        RAISE EXCEPTION 'record % keeps its archive number', OLD.record_id USING ERRCODE = 'restrict_violation';
    END IF;
    IF (OLD.status = 'destroyed' AND to_jsonb(OLD) - '{patient_id,person_id}'::text[] <> to_jsonb(NEW) - '{patient_id,person_id}'::text[]) OR (OLD.status = 'archived' AND NEW.status = 'archived' AND
        to_jsonb(OLD) - '{hold_reason,version,retention_class,retention_until,patient_id,person_id}'::text[]
            IS DISTINCT FROM to_jsonb(NEW) - '{hold_reason,version,retention_class,retention_until,patient_id,person_id}'::text[]) THEN
        RAISE EXCEPTION 'record % is %', OLD.record_id, OLD.status USING ERRCODE = 'restrict_violation', CONSTRAINT = 'record_locked';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER step BEFORE UPDATE ON record_record FOR EACH ROW EXECUTE FUNCTION record_refuse_step();

-- When a record is lawfully destroyed, what was typed into it goes too; that there was a version, by whom and with which
-- hash, stays. This is the only way in which a version ever changes.
CREATE FUNCTION record_refuse_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT r.status INTO state FROM record_document d JOIN record_record r ON r.facility_id = d.facility_id AND r.record_id = d.record_id
        WHERE d.facility_id = OLD.facility_id AND d.document_id = OLD.document_id;
        IF state = 'destroyed' AND NEW.data = '{}'::jsonb AND to_jsonb(OLD) - 'data' = to_jsonb(NEW) - 'data' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'table record_version is append-only' USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER append_only ON record_version;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON record_version FOR EACH ROW EXECUTE FUNCTION record_refuse_version_change();

-- Empties the versions of a destroyed record. The application has no grant to change a version; this is its one door, and
-- the trigger above lets nothing else through.
CREATE FUNCTION record_empty_versions(facility int, record uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    emptied bigint;
BEGIN
    IF facility IS DISTINCT FROM nullif(current_setting('yba.facility', true), '')::int THEN
        RAISE EXCEPTION 'record_empty_versions: facility % is not the tenant of this transaction', facility;
    END IF;
    UPDATE record_version v SET data = '{}' FROM record_document d
    WHERE v.facility_id = facility AND d.facility_id = facility AND d.document_id = v.document_id AND d.record_id = record AND v.data <> '{}'::jsonb;
    GET DIAGNOSTICS emptied = ROW_COUNT;
    RETURN emptied;
END $$;
REVOKE ALL ON FUNCTION record_empty_versions(int, uuid) FROM public;
GRANT EXECUTE ON FUNCTION record_empty_versions(int, uuid) TO yba_app;
