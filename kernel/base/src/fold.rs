//! Folding: the same letters whatever marks were typed, so that "dang thi huyen" finds "Đặng Thị Huyền".

use unicode_normalization::UnicodeNormalization;

/// Lower case, without marks, `đ` → `d`, runs of anything that is not a letter or digit become one space.
///
/// Unicode decomposition alone leaves `đ` in place (it is a letter of its own), hence the extra step.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.nfd() {
        if ('\u{300}'..='\u{36f}').contains(&c) {
            continue;
        }
        let c = match c {
            'đ' | 'Đ' => 'd',
            other => other,
        };
        if c.is_alphanumeric() {
            if gap && !out.is_empty() {
                out.push(' ');
            }
            gap = false;
            out.extend(c.to_lowercase());
        } else {
            gap = true;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::fold;
    use proptest::prelude::*;

    #[test]
    fn vietnamese_names_fold_to_plain_letters() {
        for (typed, folded) in [
            ("Đặng Thị Huyền", "dang thi huyen"),
            ("  NGUYỄN   văn  Ấn ", "nguyen van an"),
            ("Trần-Thị Ưỡng", "tran thi uong"),
            ("ĐTĐ2", "dtd2"),
            ("", ""),
        ] {
            assert_eq!(fold(typed), folded);
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,60}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
