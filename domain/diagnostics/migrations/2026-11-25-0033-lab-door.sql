-- The door for analysers: what a machine sent, byte by byte, whether anybody understands it yet or not.

CREATE TABLE diagnostics_raw_message (
    facility_id int   NOT NULL,
    message_id  uuid  NOT NULL,
    received_at timestamptz NOT NULL,
    -- The account of the gateway that brought it.
    account_id  uuid  NOT NULL,
    source      text  NOT NULL CHECK (source <> '' AND char_length(source) <= 80),
    protocol    text  NOT NULL CHECK (protocol IN ('hl7v2', 'astm', 'other')),
    -- The hash of the bytes: the same message sent twice lies here once.
    content_hash bytea NOT NULL,
    content     bytea NOT NULL,
    -- A sample code that the gateway read on the tube, '' when it does not know.
    sample_code text  NOT NULL DEFAULT '',
    specimen_id uuid,
    -- Set by whoever looked at a message that nobody claimed.
    settled_at  timestamptz,
    settled_by  uuid,
    settle_note text NOT NULL DEFAULT '' CHECK (char_length(settle_note) <= 300),
    PRIMARY KEY (facility_id, message_id),
    CONSTRAINT diagnostics_raw_message_once UNIQUE (facility_id, source, content_hash)
);
SELECT db_tenant_table('diagnostics_raw_message');
REVOKE DELETE ON diagnostics_raw_message FROM yba_app;
CREATE INDEX diagnostics_raw_message_unmatched ON diagnostics_raw_message (facility_id, received_at DESC)
    WHERE specimen_id IS NULL AND settled_at IS NULL;
