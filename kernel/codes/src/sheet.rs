//! The table of contents of the catalogues: which files fill which table, and how.

mod diseases;
mod drugs;
mod lists;
mod places;

use crate::files::CatalogueFiles;
use crate::tsv::CopyText;
use anyhow::Result;

/// One table and the files it is filled from.
pub(crate) struct Sheet {
    pub table: &'static str,
    pub files: &'static [&'static str],
    /// The columns of the primary key, separated by ", ".
    pub key: &'static str,
    /// All columns that the loader writes, separated by ", ", in the order of `fill`.
    pub columns: &'static str,
    /// Rows have `valid_to` and are end-dated when they leave the file.
    pub dated: bool,
    pub fill: fn(&CatalogueFiles, &mut CopyText) -> Result<()>,
}

pub(crate) const SHEETS: &[Sheet] = &[
    Sheet {
        table: "codes_icd10",
        files: &[
            "icd10_2026.tsv",
            "icd10_age_rules.tsv",
            "icd10_over_30_days.tsv",
            "icd10_synonyms.tsv",
            "icd10_abbreviations.tsv",
            "notifiable_diseases.tsv",
            "outpatient_mix.tsv",
        ],
        key: "code",
        columns: "code, code_plain, name, chapter, block, category, dagger_asterisk, not_main, discouraged_main, \
                  has_more_specific, death_only, sex, sex_strict, age_min_days, age_max_days, age_reason, over_30_days, \
                  notify_within, notify_disease, often, folded, search_text, valid_from",
        dated: true,
        fill: diseases::icd10,
    },
    Sheet {
        table: "codes_icd10_abbreviation",
        files: &["icd10_abbreviations.tsv"],
        key: "abbreviation, place",
        columns: "abbreviation, place, code, meaning, meaning_folded",
        dated: false,
        fill: diseases::abbreviations,
    },
    Sheet {
        table: "codes_icd10_group",
        files: &["icd10_groups.tsv"],
        key: "kind, code",
        columns: "kind, code, chapter, range, name",
        dated: false,
        fill: diseases::groups,
    },
    Sheet {
        table: "codes_icd10_old",
        files: &["icd10_before_2026.tsv"],
        key: "code",
        columns: "code, name, still_in_2026",
        dated: false,
        fill: diseases::old_codes,
    },
    Sheet {
        table: "codes_province",
        files: &["provinces.tsv"],
        key: "code",
        columns: "code, name, full_name, unit_type, folded",
        dated: true,
        fill: places::provinces,
    },
    Sheet {
        table: "codes_commune",
        files: &["communes.tsv", "provinces.tsv"],
        key: "code",
        columns: "code, name, full_name, unit_type, province_code, folded, search_text",
        dated: true,
        fill: places::communes,
    },
    Sheet {
        table: "codes_old_ward",
        files: &["old_wards.tsv"],
        key: "old_province_code, old_district_code, old_ward_code, commune_code",
        columns: "old_province_code, old_district_code, old_ward_code, commune_code, old_ward, old_district, \
                  old_province, split, best_guess, ward_folded, district_folded, province_folded, search_text",
        dated: false,
        fill: places::old_wards,
    },
    Sheet {
        table: "codes_list",
        files: &["lists.tsv", "occupations.tsv"],
        key: "list, code",
        columns: "list, code, place, name, folded, parent",
        dated: true,
        fill: lists::short_lists,
    },
    Sheet {
        table: "codes_service",
        files: &["service_templates.tsv"],
        key: "code",
        columns: "code, name, kind, specialty, surgery_class, example_price_vnd, source, folded, search_text",
        dated: true,
        fill: lists::services,
    },
    Sheet {
        table: "codes_lab_test",
        files: &["lab_tests.tsv"],
        key: "code",
        columns: "code, name, loinc, ucum_unit, specimen, test_group, folded, search_text",
        dated: true,
        fill: lists::lab_tests,
    },
    Sheet {
        table: "codes_lab_range",
        files: &["lab_reference_ranges.tsv"],
        key: "test_code, sex",
        columns: "test_code, sex, low, high, unit, shown",
        dated: false,
        fill: lists::lab_ranges,
    },
    Sheet {
        table: "codes_substance_alias",
        files: &["substance_aliases.tsv"],
        key: "alias",
        columns: "alias, substance",
        dated: false,
        fill: drugs::aliases,
    },
    Sheet {
        table: "codes_substance",
        files: &["substance_facts.tsv", "pregnancy_categories.tsv", "substance_aliases.tsv"],
        key: "substance",
        columns: "substance, name, class, pregnancy, lactation, tga_category, fda_category, lactation_code, verified",
        dated: false,
        fill: drugs::substances,
    },
    Sheet {
        table: "codes_substance_group",
        files: &["substance_classes.tsv", "allergy_classes.tsv", "substance_aliases.tsv"],
        key: "kind, group_key, substance",
        columns: "kind, group_key, substance, name, name_key, note",
        dated: false,
        fill: drugs::groups,
    },
    Sheet {
        table: "codes_max_dose",
        files: &["max_doses.tsv", "substance_aliases.tsv"],
        key: "substance, route",
        columns: "substance, route, name, adult_max_mg_per_day, child_max_mg_per_kg_per_day, note",
        dated: false,
        fill: drugs::max_doses,
    },
    Sheet {
        table: "codes_interaction",
        files: &["qd5948_pairs.tsv", "qd5948_groups.tsv", "general_interactions.tsv", "substance_classes.tsv"],
        key: "interaction",
        columns: "interaction, severity, name_a, name_b, mechanism, consequence, management, source, verified",
        dated: false,
        fill: drugs::interactions,
    },
    Sheet {
        table: "codes_interaction_pair",
        files: &[
            "qd5948_pairs.tsv",
            "qd5948_groups.tsv",
            "general_interactions.tsv",
            "substance_classes.tsv",
            "substance_aliases.tsv",
        ],
        key: "substance_a, substance_b, interaction",
        columns: "substance_a, substance_b, interaction",
        dated: false,
        fill: drugs::interaction_pairs,
    },
    Sheet {
        table: "codes_drug",
        files: &["drugs.tsv", "substance_aliases.tsv"],
        key: "code",
        columns: "code, brand, ingredients, substances, bhyt_code, strength, form, unit, route_code, route, packaging, \
                  manufacturer, country, example_price_vnd, source, folded, brand_folded, search_text",
        dated: true,
        fill: drugs::drugs,
    },
    Sheet {
        table: "codes_parameter",
        files: &["parameters.tsv"],
        key: "key, valid_from",
        columns: "key, valid_from, valid_to, category, value, unit, source, confidence",
        dated: true,
        fill: lists::parameters,
    },
    Sheet {
        table: "codes_feature",
        files: &["features.tsv"],
        key: "feature",
        columns: "feature, place, name, basic, standard, premium1, premium2, required_by_law",
        dated: false,
        fill: lists::features,
    },
];
