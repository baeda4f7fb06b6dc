//! Names of people: family name first, shown whole on staff screens and masked in public.

/// Tidies a typed name: trims, single spaces, first letter of each word upper case when it was typed all in
/// capitals (as identity cards print it) or all in small letters.
pub fn tidy_name(typed: &str) -> String {
    let words: Vec<&str> = typed.split_whitespace().collect();
    let joined = words.join(" ");
    let one_case = joined == joined.to_uppercase() || joined == joined.to_lowercase();
    if !one_case {
        return joined;
    }
    words.iter().map(|w| capitalised(w)).collect::<Vec<_>>().join(" ")
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect(),
        None => String::new(),
    }
}

/// `Nguyễn Văn An` → `N. V. An`, for boards and other public screens.
pub fn masked_name(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let Some((given, before)) = words.split_last() else {
        return String::new();
    };
    let mut out = String::new();
    for word in before {
        if let Some(first) = word.chars().next() {
            out.extend(first.to_uppercase());
            out.push_str(". ");
        }
    }
    out.push_str(given);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_capitals_become_a_name() {
        assert_eq!(tidy_name("NGUYỄN  VĂN AN"), "Nguyễn Văn An");
        assert_eq!(tidy_name("nguyễn văn an"), "Nguyễn Văn An");
        assert_eq!(tidy_name("K'Brơi McA"), "K'Brơi McA");
    }

    #[test]
    fn public_screens_show_initials() {
        assert_eq!(masked_name("Nguyễn Văn An"), "N. V. An");
        assert_eq!(masked_name("Ấn"), "Ấn");
        assert_eq!(masked_name(""), "");
    }
}
