-- Signing in through a hospital's own OpenID Connect provider: its settings, the attempts under way, who is who there,
-- and which of our sessions it opened.

CREATE TABLE identity_provider (
    facility_id int NOT NULL PRIMARY KEY,
    issuer text NOT NULL CHECK (issuer <> ''),
    client_id text NOT NULL CHECK (client_id <> ''),
    -- Sealed under the server's key with the facility bound in.
    client_secret bytea NOT NULL,
    -- The claim that names our account: preferred_username or email.
    claim text NOT NULL CHECK (claim IN ('preferred_username', 'email')),
    label text NOT NULL CHECK (label <> ''),
    is_active boolean NOT NULL DEFAULT true,
    changed_by uuid,
    changed_at timestamptz NOT NULL DEFAULT now()
);
SELECT db_tenant_table('identity_provider');

-- One attempt is good once, for ten minutes, on the browser that began it.
CREATE TABLE identity_attempt (
    facility_id int NOT NULL,
    state_hash bytea NOT NULL,
    browser_hash bytea NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    next text NOT NULL DEFAULT '',
    began_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (facility_id, state_hash)
);
SELECT db_tenant_table('identity_attempt');
-- The answer of the provider names no facility, only the state.
CREATE POLICY sign_in ON identity_attempt
    USING (current_setting('yba.purpose', true) = 'sign-in') WITH CHECK (current_setting('yba.purpose', true) = 'sign-in');

-- The first sign-in binds a subject there to an account here; a login that was given to somebody else later opens nothing.
CREATE TABLE identity_subject (
    facility_id int NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    account_id uuid NOT NULL,
    bound_at timestamptz NOT NULL,
    PRIMARY KEY (facility_id, issuer, subject)
);
CREATE UNIQUE INDEX identity_subject_account ON identity_subject (facility_id, issuer, account_id);
SELECT db_tenant_table('identity_subject');
ALTER TABLE identity_subject ADD FOREIGN KEY (facility_id, account_id) REFERENCES practitioner_account (facility_id, account_id);

CREATE TABLE identity_session (
    facility_id int NOT NULL,
    session_id uuid NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    -- The provider's own name for the session, where it gives one.
    sid text NOT NULL DEFAULT '',
    -- Handed back when signing out, so that the provider knows who goes.
    id_token text NOT NULL,
    -- Of the token in the farewell path.
    bye_hash bytea NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (facility_id, session_id)
);
CREATE INDEX identity_session_subject ON identity_session (facility_id, issuer, subject);
CREATE UNIQUE INDEX identity_session_bye ON identity_session (bye_hash);
SELECT db_tenant_table('identity_session');
CREATE POLICY sign_in ON identity_session
    USING (current_setting('yba.purpose', true) = 'sign-in') WITH CHECK (current_setting('yba.purpose', true) = 'sign-in');
