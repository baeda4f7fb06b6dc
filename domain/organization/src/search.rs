//! Finding a service or a drug by what people really type: words without accents in any order, the beginning of a
//! word, initials ("sa bung" for "Siêu âm ổ bụng"), a code, or a nickname the owner gave ("ctm").

use base::fold;

/// More words than these only cost time.
const MOST_WORDS: usize = 6;

/// The text that searches look in: every word folded and preceded by a space, then the initials of the name, then
/// its other names. Kept in a column beside the row.
pub fn search_text(code: &str, name: &str, other_names: &[&str]) -> String {
    let folded_name = fold(name);
    let initials: String = folded_name.split(' ').filter_map(|word| word.chars().next()).collect();
    let mut text = String::new();
    for part in [fold(code).as_str(), folded_name.as_str(), initials.as_str()]
        .into_iter()
        .chain(other_names.iter().map(|n| fold(n)).collect::<Vec<_>>().iter().map(String::as_str))
    {
        for word in part.split(' ').filter(|w| !w.is_empty()) {
            text.push(' ');
            text.push_str(word);
        }
    }
    // A code such as 18.0015.0001 is also typed without its dots.
    let bare_code: String = fold(code).replace(' ', "");
    text.push(' ');
    text.push_str(&bare_code);
    text
}

/// The LIKE patterns for what was typed: each must occur at the beginning of some word. Empty when nothing usable
/// was typed. Folding leaves letters, digits and spaces only, so no pattern character can slip in.
pub fn patterns(typed: &str) -> Vec<String> {
    let typed: String = typed.chars().take(200).collect();
    fold(&typed)
        .split(' ')
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .map(|word| format!("% {word}%"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finds(text: &str, typed: &str) -> bool {
        let wanted = patterns(typed);
        !wanted.is_empty() && wanted.iter().all(|p| text.contains(p.trim_matches('%')))
    }

    #[test]
    fn nurses_words_find_the_service() {
        let abdomen = search_text("18.0015.0001", "Siêu âm ổ bụng (tổng quát)", &["SA bụng"]);
        let blood = search_text("22.0121.1369", "Tổng phân tích tế bào máu ngoại vi", &["ctm, công thức máu"]);
        for typed in ["sieu am", "bung sieu", "sa bung", "SAOB", "18.0015", "1800150001", "Siêu âm ổ bụng"] {
            assert!(finds(&abdomen, typed), "{typed}");
        }
        for typed in ["ctm", "cong thuc", "te bao mau", "22 0121"] {
            assert!(finds(&blood, typed), "{typed}");
        }
        assert!(!finds(&abdomen, "ctm"));
        assert!(!finds(&abdomen, "  "));
        assert!(!finds(&abdomen, "%"));
    }

    proptest! {
        #[test]
        fn every_word_of_the_name_finds_it(name in "[A-Za-zÀ-ỹ0-9 ()/.,-]{1,40}") {
            let text = search_text("X1", &name, &[]);
            for word in fold(&name).split(' ').filter(|w| !w.is_empty()) {
                prop_assert!(finds(&text, word));
            }
        }

        #[test]
        fn anything_may_be_typed(typed in "\\PC{0,300}") {
            for pattern in patterns(&typed) {
                prop_assert!(!pattern.trim_matches('%').contains(['%', '_', '\\']));
            }
        }
    }
}
