//! The specialties under which people look for a doctor (`specialties.tsv`).

/// One specialty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Specialty {
    /// The word in the database, e.g. `ear_nose_throat`.
    pub key: &'static str,
    /// The word on screen, e.g. "Tai mũi họng".
    pub name: &'static str,
    /// Other words that people use for it, without accents.
    pub also: &'static str,
}

/// All of them, in the order in which they are offered.
pub fn list() -> impl Iterator<Item = Specialty> {
    include_str!("../specialties.tsv").lines().skip(1).filter_map(|line| {
        let mut cells = line.split('\t');
        Some(Specialty { key: cells.next()?, name: cells.next()?, also: cells.next().unwrap_or("") })
    })
}

/// The word on screen for a key; the key itself when it is not in the list.
pub fn name(key: &str) -> &str {
    list().find(|s| s.key == key).map_or(key, |s| s.name)
}

/// What somebody may mean by a few words, accents or not: the words of the name first, then the other words.
pub fn find(typed: &str) -> Option<Specialty> {
    let wanted = base::fold(typed);
    if wanted.is_empty() {
        return None;
    }
    let holds = |text: &str| format!(" {} ", base::fold(text).replace(',', " ")).contains(&format!(" {wanted} "));
    list().find(|s| s.key == typed || base::fold(s.name) == wanted).or_else(|| list().find(|s| holds(s.name))).or_else(|| list().find(|s| holds(s.also)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specialty_is_found_by_the_words_people_use() {
        for (typed, key) in [("tai mui hong", "ear_nose_throat"), ("TMH", "ear_nose_throat"), ("Nhi", "pediatrics"), ("siêu âm", "imaging"), ("đông y", "traditional"), ("nội tiết", "endocrinology")] {
            assert_eq!(find(typed).map(|s| s.key), Some(key), "{typed}");
        }
        assert_eq!(find(""), None);
        assert_eq!(find("xyz"), None);
        assert_eq!(name("eye"), "Mắt");
    }

    #[test]
    fn every_line_is_whole_and_named_once() {
        let keys: std::collections::BTreeSet<&str> = list().map(|s| s.key).collect();
        assert_eq!(keys.len(), list().count());
        assert!(list().all(|s| !s.name.is_empty() && s.key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }
}
