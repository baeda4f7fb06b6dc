-- Other ways in that a facility offers beside login and password, shown on the sign-in page.
CREATE TABLE practitioner_door (
    facility_id int NOT NULL PRIMARY KEY,
    label text NOT NULL CHECK (label <> ''),
    -- A path of our own.
    href text NOT NULL CHECK (href LIKE '/%'),
    changed_by uuid,
    changed_at timestamptz NOT NULL DEFAULT now()
);
SELECT db_tenant_table('practitioner_door');
CREATE POLICY sign_in ON practitioner_door FOR SELECT USING (current_setting('yba.purpose', true) = 'sign-in');

-- Where the browser goes after signing out of this session, when somebody else's door opened it; a path of our own.
ALTER TABLE practitioner_session ADD COLUMN farewell text NOT NULL DEFAULT '' CHECK (farewell = '' OR farewell LIKE '/%');
