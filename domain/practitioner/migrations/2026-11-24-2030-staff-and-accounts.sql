-- Members of staff, what they may do, and how they sign in.

CREATE TABLE practitioner_practitioner (
    facility_id int NOT NULL,
    practitioner_id uuid NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    name_folded text NOT NULL,
    title text NOT NULL DEFAULT '',                  -- "BS.", "BSCKI.", "ĐD."
    position text NOT NULL DEFAULT '',               -- "Nội tổng quát": stands under the name
    phone text NOT NULL DEFAULT '',
    licence_no text NOT NULL DEFAULT '',
    licence_scope text NOT NULL DEFAULT '',
    licence_from date,
    licence_to date CHECK (licence_to >= licence_from),
    national_code text NOT NULL DEFAULT '',          -- code of the national prescription system
    active_from date NOT NULL,
    active_to date CHECK (active_to >= active_from),
    changed_by uuid,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (facility_id, practitioner_id)
);
SELECT db_tenant_table('practitioner_practitioner');

CREATE TABLE practitioner_account (
    facility_id int NOT NULL,
    account_id uuid NOT NULL,
    -- Lower case, e.g. "bacsi.84101"; unique in the whole system, because people type nothing else.
    login text NOT NULL CHECK (login = lower(login) AND login <> ''),
    kind text NOT NULL DEFAULT 'staff' CHECK (kind IN ('staff', 'machine')),
    practitioner_id uuid,
    display_name text NOT NULL,
    password_hash text NOT NULL,
    password_changed_at timestamptz NOT NULL,
    -- Base32; NULL until the second factor was set up.
    totp_secret text,
    totp_last_step bigint,
    -- Demo worlds accept the code 000000 for these accounts; a real server never makes one.
    demo boolean NOT NULL DEFAULT false,
    roles text[] NOT NULL DEFAULT '{}',
    disabled_at timestamptz,
    changed_by uuid,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (facility_id, account_id)
);
CREATE UNIQUE INDEX practitioner_account_login ON practitioner_account (login);
SELECT db_tenant_table('practitioner_account');
CREATE POLICY sign_in ON practitioner_account
    USING (current_setting('yba.purpose', true) = 'sign-in') WITH CHECK (current_setting('yba.purpose', true) = 'sign-in');
ALTER TABLE practitioner_account ADD FOREIGN KEY (facility_id, practitioner_id)
    REFERENCES practitioner_practitioner (facility_id, practitioner_id);

CREATE TABLE practitioner_session (
    facility_id int NOT NULL,
    session_id uuid NOT NULL,
    account_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    proved_at timestamptz NOT NULL,
    -- The absolute end; the idle end is counted from last_seen_at.
    expires_at timestamptz NOT NULL,
    idle_seconds int NOT NULL,
    revoked_at timestamptz,
    user_agent text NOT NULL DEFAULT '',
    remote text NOT NULL DEFAULT '',
    room_id uuid,
    room_name text NOT NULL DEFAULT '',
    PRIMARY KEY (facility_id, session_id)
);
CREATE UNIQUE INDEX practitioner_session_token ON practitioner_session (token_hash);
CREATE INDEX practitioner_session_account ON practitioner_session (facility_id, account_id, created_at DESC);
SELECT db_tenant_table('practitioner_session');
CREATE POLICY sign_in ON practitioner_session
    USING (current_setting('yba.purpose', true) = 'sign-in') WITH CHECK (current_setting('yba.purpose', true) = 'sign-in');
ALTER TABLE practitioner_session ADD FOREIGN KEY (facility_id, account_id)
    REFERENCES practitioner_account (facility_id, account_id);

-- Failed sign-ins by bucket: a device that signed in before has a bucket of its own, so that somebody else's
-- guessing never locks its owner out.
CREATE TABLE practitioner_failed_sign_in (
    bucket text PRIMARY KEY,
    failures int NOT NULL,
    blocked_until timestamptz,
    updated_at timestamptz NOT NULL
);
SELECT db_purpose_table('practitioner_failed_sign_in', 'sign-in');

-- Who a session belongs to: one round trip, before the facility is known.
CREATE FUNCTION practitioner_who(hash bytea, at timestamptz)
RETURNS TABLE (facility_id int, session_id uuid, account_id uuid, practitioner_id uuid, display_name text, kind text,
               roles text[], proved_at timestamptz, last_seen_at timestamptz, room_id uuid, room_name text, expires_at timestamptz)
LANGUAGE sql STABLE SET yba.purpose = 'sign-in' AS $$
    SELECT s.facility_id, s.session_id, s.account_id, a.practitioner_id, a.display_name, a.kind,
           a.roles, s.proved_at, s.last_seen_at, s.room_id, s.room_name, s.expires_at
    FROM practitioner_session s
    JOIN practitioner_account a ON a.facility_id = s.facility_id AND a.account_id = s.account_id
    WHERE s.token_hash = hash AND s.revoked_at IS NULL AND s.expires_at > at
      AND s.last_seen_at + make_interval(secs => s.idle_seconds) > at
      AND a.disabled_at IS NULL
$$;
