-- Paper from before: the sheets that part it, what was scanned, page by page, and who did what with it.

-- A sheet laid before one paper: its code says where the paper goes.
CREATE TABLE record_scan_cover (
    facility_id  int         NOT NULL,
    cover_id     uuid        NOT NULL,
    -- What the square code on the sheet says.
    code         text        NOT NULL CHECK (code ~ '^YBS-[0-9A-Z]{12}$'),
    record_id    uuid        NOT NULL,
    -- The kind of paper, a key of digitise/kinds.tsv, and as it is called.
    kind         text        NOT NULL,
    title        text        NOT NULL CHECK (title <> ''),
    paper_date   date,
    made_by      uuid        NOT NULL,
    made_by_name text        NOT NULL,
    made_at      timestamptz NOT NULL,
    PRIMARY KEY (facility_id, cover_id)
);
SELECT db_tenant_table('record_scan_cover');
CREATE UNIQUE INDEX record_scan_cover_code ON record_scan_cover (facility_id, code);
CREATE INDEX record_scan_cover_newest ON record_scan_cover (facility_id, made_at DESC);

-- One file that came from a scanner.
CREATE TABLE record_scan_batch (
    facility_id     int         NOT NULL,
    batch_id        uuid        NOT NULL,
    -- "upload" or "folder" (the watched one).
    source          text        NOT NULL CHECK (source IN ('upload', 'folder')),
    name            text        NOT NULL,
    sha256          text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    media_type      text        NOT NULL,
    size_bytes      bigint      NOT NULL,
    -- The paper whose pages this file replaces, after it was sent back.
    replaces        uuid,
    status          text        NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'reading', 'ready', 'failed')),
    pages           int         NOT NULL DEFAULT 0,
    done            int         NOT NULL DEFAULT 0,
    -- Why it failed, or what was left out, in words.
    note            text        NOT NULL DEFAULT '',
    scanned_by      uuid        NOT NULL,
    scanned_by_name text        NOT NULL,
    scanned_at      timestamptz NOT NULL,
    -- The reader's last sign of life: a reader that fell silent is taken over.
    beat_at         timestamptz NOT NULL,
    PRIMARY KEY (facility_id, batch_id)
);
SELECT db_tenant_table('record_scan_batch');
CREATE INDEX record_scan_batch_newest ON record_scan_batch (facility_id, scanned_at DESC, batch_id DESC);
CREATE INDEX record_scan_batch_open ON record_scan_batch (facility_id, beat_at) WHERE status IN ('waiting', 'reading');
-- The same file is taken in once, unless it failed.
CREATE UNIQUE INDEX record_scan_batch_once ON record_scan_batch (facility_id, sha256) WHERE status <> 'failed';

-- One paper of a batch.
CREATE TABLE record_scan_paper (
    facility_id     int         NOT NULL,
    paper_id        uuid        NOT NULL,
    batch_id        uuid        NOT NULL,
    place           int         NOT NULL,
    record_id       uuid,
    kind            text        NOT NULL DEFAULT '',
    title           text        NOT NULL DEFAULT '',
    paper_date      date,
    -- Who said so: "cover", "words" (read from the text) or "person".
    known_by        text        NOT NULL DEFAULT '' CHECK (known_by IN ('', 'cover', 'words', 'person')),
    status          text        NOT NULL DEFAULT 'check' CHECK (status IN ('check', 'returned', 'filed')),
    reason          text        NOT NULL DEFAULT '' CHECK (status <> 'returned' OR reason <> ''),
    checked_by      uuid,
    checked_by_name text        NOT NULL DEFAULT '',
    checked_at      timestamptz,
    document_id     uuid,
    PRIMARY KEY (facility_id, paper_id)
);
SELECT db_tenant_table('record_scan_paper');
CREATE UNIQUE INDEX record_scan_paper_place ON record_scan_paper (facility_id, batch_id, place);
CREATE INDEX record_scan_paper_open ON record_scan_paper (facility_id, batch_id) WHERE status <> 'filed';

-- One page: the straightened picture and what was read from it.
CREATE TABLE record_scan_page (
    facility_id  int  NOT NULL,
    page_id      uuid NOT NULL,
    batch_id     uuid NOT NULL,
    place        int  NOT NULL,
    paper_id     uuid,
    -- The kept JPEG.
    sha256       text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    width        int  NOT NULL,
    height       int  NOT NULL,
    -- By how much it was turned, in tenths of a degree.
    turned_tenth int  NOT NULL DEFAULT 0,
    cover_code   text NOT NULL DEFAULT '',
    -- An empty back side, or a page that a better scan replaced.
    is_left_out  boolean NOT NULL DEFAULT false,
    text         text  NOT NULL DEFAULT '',
    -- Words with their places in pixels: [{x, y, h, t}].
    words        jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (facility_id, page_id)
);
SELECT db_tenant_table('record_scan_page');
CREATE UNIQUE INDEX record_scan_page_place ON record_scan_page (facility_id, batch_id, place);
CREATE INDEX record_scan_page_paper ON record_scan_page (facility_id, paper_id, place);

-- The chain of custody: who did what with which paper, never changed.
CREATE TABLE record_scan_step (
    facility_id int         NOT NULL,
    step_id     uuid        NOT NULL,
    batch_id    uuid        NOT NULL,
    paper_id    uuid,
    what        text        NOT NULL CHECK (what IN ('scanned', 'read', 'split', 'assigned', 'returned', 'rescanned', 'filed')),
    detail      text        NOT NULL DEFAULT '',
    by_account  uuid        NOT NULL,
    by_name     text        NOT NULL,
    at          timestamptz NOT NULL,
    PRIMARY KEY (facility_id, step_id)
);
SELECT db_tenant_table('record_scan_step');
SELECT db_append_only('record_scan_step');
CREATE INDEX record_scan_step_batch ON record_scan_step (facility_id, batch_id, at);

-- What was read from a filed scan, for searching.
CREATE TABLE record_text (
    facility_id int  NOT NULL,
    document_id uuid NOT NULL,
    version     int  NOT NULL,
    text        text NOT NULL,
    folded      text NOT NULL,
    PRIMARY KEY (facility_id, document_id, version)
);
SELECT db_tenant_table('record_text');

ALTER TABLE record_scan_cover ADD CONSTRAINT record_scan_cover_record_fk
    FOREIGN KEY (facility_id, record_id) REFERENCES record_record (facility_id, record_id);
ALTER TABLE record_scan_paper ADD CONSTRAINT record_scan_paper_batch_fk
    FOREIGN KEY (facility_id, batch_id) REFERENCES record_scan_batch (facility_id, batch_id);
ALTER TABLE record_scan_page ADD CONSTRAINT record_scan_page_batch_fk
    FOREIGN KEY (facility_id, batch_id) REFERENCES record_scan_batch (facility_id, batch_id);
ALTER TABLE record_scan_step ADD CONSTRAINT record_scan_step_batch_fk
    FOREIGN KEY (facility_id, batch_id) REFERENCES record_scan_batch (facility_id, batch_id);
ALTER TABLE record_text ADD CONSTRAINT record_text_document_fk
    FOREIGN KEY (facility_id, document_id) REFERENCES record_document (facility_id, document_id);
