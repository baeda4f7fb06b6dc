-- Reference data: dated catalogues without a facility. The loader writes them as owner, the application reads them.
-- A row that left its catalogue is end-dated (valid_to), so that old visits still resolve it.

-- What was loaded from which file; an unchanged file is skipped.
CREATE TABLE codes_file (
    sheet     text PRIMARY KEY,
    hash      bytea NOT NULL,
    row_count int NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now()
);

-- Turns a folded text into its words, for searches by the beginnings of words in any order.
CREATE FUNCTION codes_words(folded text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN array_to_tsvector(string_to_array(folded, ' '));

CREATE TABLE codes_icd10 (
    code              text COLLATE "C" PRIMARY KEY,
    code_plain        text COLLATE "C" NOT NULL,
    name              text NOT NULL,
    chapter           text NOT NULL,
    block             text NOT NULL,
    category          text NOT NULL,
    dagger_asterisk   text,
    not_main          boolean NOT NULL,
    discouraged_main  boolean NOT NULL,
    has_more_specific boolean NOT NULL,
    death_only        boolean NOT NULL,
    sex               text CHECK (sex IN ('female', 'male')),
    sex_strict        boolean NOT NULL,
    age_min_days      int,
    age_max_days      int,
    age_reason        text,
    over_30_days      boolean NOT NULL,
    notify_within     text CHECK (notify_within IN ('24h', '48h', 'week')),
    notify_disease    text,
    often             real NOT NULL,
    folded            text NOT NULL,
    search_text       text NOT NULL,
    search            tsvector GENERATED ALWAYS AS (codes_words(search_text)) STORED,
    valid_from        date NOT NULL,
    valid_to          date
);
CREATE INDEX codes_icd10_plain ON codes_icd10 (code_plain);
CREATE INDEX codes_icd10_search ON codes_icd10 USING gin (search);

CREATE TABLE codes_icd10_abbreviation (
    abbreviation   text COLLATE "C" NOT NULL,
    place          int NOT NULL,
    code           text COLLATE "C" NOT NULL,
    meaning        text NOT NULL,
    meaning_folded text NOT NULL,
    PRIMARY KEY (abbreviation, place)
);

CREATE TABLE codes_icd10_group (
    kind    text NOT NULL CHECK (kind IN ('chapter', 'block')),
    code    text NOT NULL,
    chapter text NOT NULL,
    range   text NOT NULL,
    name    text NOT NULL,
    PRIMARY KEY (kind, code)
);

-- The list in force until 30/06/2026, to read old records.
CREATE TABLE codes_icd10_old (
    code          text COLLATE "C" PRIMARY KEY,
    name          text NOT NULL,
    still_in_2026 boolean NOT NULL
);

CREATE TABLE codes_province (
    code      text PRIMARY KEY,
    name      text NOT NULL,
    full_name text NOT NULL,
    unit_type text NOT NULL,
    folded    text NOT NULL,
    valid_to  date
);

CREATE TABLE codes_commune (
    code          text PRIMARY KEY,
    name          text NOT NULL,
    full_name     text NOT NULL,
    unit_type     text NOT NULL,
    province_code text NOT NULL,
    folded        text NOT NULL,
    search_text   text NOT NULL,
    search        tsvector GENERATED ALWAYS AS (codes_words(search_text)) STORED,
    valid_to      date
);
CREATE INDEX codes_commune_search ON codes_commune USING gin (search);
CREATE INDEX codes_commune_folded ON codes_commune (folded, province_code);

-- Wards until 30/06/2025 and where they went. A split ward has several rows; best_guess marks the usual one.
CREATE TABLE codes_old_ward (
    old_province_code text NOT NULL,
    old_district_code text NOT NULL,
    old_ward_code     text NOT NULL,
    commune_code      text NOT NULL,
    old_ward          text NOT NULL,
    old_district      text NOT NULL,
    old_province      text NOT NULL,
    split             boolean NOT NULL,
    best_guess        boolean NOT NULL,
    ward_folded       text NOT NULL,
    district_folded   text NOT NULL,
    province_folded   text NOT NULL,
    search_text       text NOT NULL,
    search            tsvector GENERATED ALWAYS AS (codes_words(search_text)) STORED,
    PRIMARY KEY (old_province_code, old_district_code, old_ward_code, commune_code)
);
CREATE INDEX codes_old_ward_search ON codes_old_ward USING gin (search);
CREATE INDEX codes_old_ward_names ON codes_old_ward (ward_folded, district_folded);

-- Short lists: routes, dosage forms, units, ethnic groups, countries, visit types, occupations.
CREATE TABLE codes_list (
    list     text NOT NULL,
    code     text NOT NULL,
    place    int NOT NULL,
    name     text NOT NULL,
    folded   text NOT NULL,
    parent   text,
    valid_to date,
    PRIMARY KEY (list, code)
);

-- Services a facility can import from; the price is one province's example and never charged from here.
CREATE TABLE codes_service (
    code              text COLLATE "C" PRIMARY KEY,
    name              text NOT NULL,
    kind              text NOT NULL CHECK (kind IN ('exam', 'lab', 'imaging', 'procedure', 'other')),
    specialty         text NOT NULL,
    surgery_class     text,
    example_price_vnd bigint,
    source            text NOT NULL,
    folded            text NOT NULL,
    search_text       text NOT NULL,
    search            tsvector GENERATED ALWAYS AS (codes_words(search_text)) STORED,
    valid_to          date
);
CREATE INDEX codes_service_search ON codes_service USING gin (search);

CREATE TABLE codes_lab_test (
    code        text PRIMARY KEY,
    name        text NOT NULL,
    loinc       text NOT NULL,
    ucum_unit   text,
    specimen    text,
    test_group  text NOT NULL,
    folded      text NOT NULL,
    search_text text NOT NULL,
    search      tsvector GENERATED ALWAYS AS (codes_words(search_text)) STORED,
    valid_to    date
);

-- Defaults for adults; each laboratory sets its own.
CREATE TABLE codes_lab_range (
    test_code text NOT NULL,
    sex       text NOT NULL CHECK (sex IN ('', 'female', 'male')),
    low       numeric,
    high      numeric,
    unit      text NOT NULL,
    shown     text NOT NULL,
    PRIMARY KEY (test_code, sex)
);

CREATE TABLE codes_drug (
    code              text COLLATE "C" PRIMARY KEY,
    brand             text NOT NULL,
    ingredients       text NOT NULL,
    substances        text[] NOT NULL,
    bhyt_code         text,
    strength          text,
    form              text,
    unit              text,
    route_code        text,
    route             text,
    packaging         text,
    manufacturer      text,
    country           text,
    example_price_vnd bigint,
    source            text NOT NULL CHECK (source IN ('formulary', 'registered')),
    folded            text NOT NULL,
    brand_folded      text NOT NULL,
    search_text       text NOT NULL,
    search            tsvector GENERATED ALWAYS AS (codes_words(search_text)) STORED,
    valid_to          date
);
CREATE INDEX codes_drug_search ON codes_drug USING gin (search);

-- Every spelling of a substance by its key (see codes::substance), pointing at the one we keep.
CREATE TABLE codes_substance_alias (
    alias     text COLLATE "C" PRIMARY KEY,
    substance text COLLATE "C" NOT NULL
);

CREATE TABLE codes_substance (
    substance      text COLLATE "C" PRIMARY KEY,
    name           text NOT NULL,
    class          text,
    pregnancy      text CHECK (pregnancy IN ('allowed', 'caution', 'forbidden')),
    lactation      text CHECK (lactation IN ('allowed', 'caution', 'forbidden')),
    tga_category   text,
    fda_category   text,
    lactation_code text,
    verified       boolean NOT NULL
);

-- Groups of substances: drug classes and allergy cross-reactivity.
CREATE TABLE codes_substance_group (
    kind      text NOT NULL CHECK (kind IN ('class', 'allergy')),
    group_key text NOT NULL,
    substance text COLLATE "C" NOT NULL,
    name      text NOT NULL,
    name_key  text NOT NULL,
    note      text,
    PRIMARY KEY (kind, group_key, substance)
);
CREATE INDEX codes_substance_group_member ON codes_substance_group (substance, kind);

CREATE TABLE codes_max_dose (
    substance                   text COLLATE "C" NOT NULL,
    route                       text NOT NULL,
    name                        text NOT NULL,
    adult_max_mg_per_day        numeric,
    child_max_mg_per_kg_per_day numeric,
    note                        text,
    PRIMARY KEY (substance, route)
);

CREATE TABLE codes_interaction (
    interaction text COLLATE "C" PRIMARY KEY,
    severity    text NOT NULL CHECK (severity IN ('contraindicated', 'danger', 'warning', 'caution')),
    name_a      text NOT NULL,
    name_b      text NOT NULL,
    mechanism   text NOT NULL,
    consequence text NOT NULL,
    management  text NOT NULL,
    source      text NOT NULL,
    verified    boolean NOT NULL
);
CREATE TABLE codes_interaction_pair (
    substance_a text COLLATE "C" NOT NULL,
    substance_b text COLLATE "C" NOT NULL,
    interaction text COLLATE "C" NOT NULL,
    PRIMARY KEY (substance_a, substance_b, interaction),
    CHECK (substance_a < substance_b)
);

-- Figures of the law by date.
CREATE TABLE codes_parameter (
    key        text NOT NULL,
    valid_from date NOT NULL,
    valid_to   date,
    category   text NOT NULL,
    value      text NOT NULL,
    unit       text NOT NULL,
    source     text NOT NULL,
    confidence text NOT NULL,
    PRIMARY KEY (key, valid_from)
);

-- Which package contains which feature.
CREATE TABLE codes_feature (
    feature         text PRIMARY KEY,
    place           int NOT NULL,
    name            text NOT NULL,
    basic           boolean NOT NULL,
    standard        boolean NOT NULL,
    premium1        boolean NOT NULL,
    premium2        boolean NOT NULL,
    required_by_law boolean NOT NULL
);

SELECT db_catalogue_table(t::regclass) FROM unnest(ARRAY[
    'codes_file', 'codes_icd10', 'codes_icd10_abbreviation', 'codes_icd10_group', 'codes_icd10_old', 'codes_province',
    'codes_commune', 'codes_old_ward', 'codes_list', 'codes_service', 'codes_lab_test', 'codes_lab_range', 'codes_drug',
    'codes_substance_alias', 'codes_substance', 'codes_substance_group', 'codes_max_dose', 'codes_interaction',
    'codes_interaction_pair', 'codes_parameter', 'codes_feature']) AS t;
