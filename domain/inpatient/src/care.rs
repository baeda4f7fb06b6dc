//! The nurse's sheet by level of care: what is looked at stands in `care_items.tsv`, with the field of the ministry's form.

use organization::seed::rows;

/// One thing that the nurse looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub key: &'static str,
    pub label: &'static str,
    levels: &'static str,
    form37: &'static str,
    form38: &'static str,
    pub options: Vec<&'static str>,
}

impl Item {
    /// The field of the form that belongs to the level; `None` where the form has none.
    pub fn form_field(&self, level: i32) -> Option<&'static str> {
        let field = if level == 1 { self.form37 } else { self.form38 };
        (!field.is_empty()).then_some(field)
    }
}

/// What is looked at on a level of care (1 is the closest).
pub fn items(level: i32) -> Vec<Item> {
    let level = level.to_string();
    rows(include_str!("care_items.tsv"))
        .map(|r| Item { key: r["key"], label: r["label"], levels: r["levels"], form37: r["form37"], form38: r["form38"], options: r["options"].split('|').collect() })
        .filter(|item| item.levels.split(' ').any(|l| l == level))
        .collect()
}

/// The form of a level.
pub fn form(level: i32) -> &'static str {
    if level == 1 { "37/BV2" } else { "38/BV2" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_has_its_own_sheet() {
        assert!(items(1).len() > items(3).len());
        assert!(items(2).iter().any(|i| i.key == "position") && !items(1).iter().any(|i| i.key == "position"));
        for level in 1..=3 {
            let keys: Vec<_> = items(level).iter().map(|i| i.key).collect();
            assert_eq!(keys.len(), keys.iter().collect::<std::collections::BTreeSet<_>>().len());
            assert!(items(level).iter().all(|i| i.options.len() >= 2));
        }
        assert_eq!((form(1), form(2), form(3)), ("37/BV2", "38/BV2", "38/BV2"));
    }
}
