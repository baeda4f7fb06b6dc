//! How a running number is written: `{nam2}.{so:6}` → `26.000417`.

/// A way to write numbers, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The running number with at least so many digits.
    Number(usize),
    Year,
    ShortYear,
    Ward,
    Province,
    Facility,
}

/// What stands in the places of a pattern.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places<'a> {
    pub number: i64,
    pub year: i32,
    /// The ward's code, e.g. `KNOI`.
    pub ward: &'a str,
    /// The two digits of the province.
    pub province: &'a str,
    /// The facility's examination code.
    pub facility: &'a str,
}

impl Pattern {
    /// `26.000417`: what holds where nothing was decided.
    pub fn plain() -> Pattern {
        Pattern { pieces: vec![Piece::ShortYear, Piece::Text(".".into()), Piece::Number(6)] }
    }

    /// Reads a pattern. It needs a running number, otherwise two records would get the same; `Err` says what is wrong.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        if text.chars().count() > 60 {
            return Err("Dài quá 60 ký tự. Rút gọn lại.".into());
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let (name, tail) = after.split_once('}').ok_or("Thiếu dấu } để đóng một chỗ điền.")?;
            pieces.push(match name.split_once(':') {
                None => match name {
                    "so" => Piece::Number(1),
                    "nam" => Piece::Year,
                    "nam2" => Piece::ShortYear,
                    "khoa" => Piece::Ward,
                    "tinh" => Piece::Province,
                    "coso" => Piece::Facility,
                    other => return Err(format!("Không có chỗ điền {{{other}}}. Dùng {{so}}, {{nam}}, {{nam2}}, {{khoa}}, {{tinh}}, {{coso}}.")),
                },
                Some(("so", width)) => match width.parse() {
                    Ok(width) if (1..=12).contains(&width) => Piece::Number(width),
                    _ => return Err("Số thứ tự dài từ 1 đến 12 chữ số, ví dụ {so:6}.".into()),
                },
                Some(_) => return Err(format!("Không đọc được {{{name}}}. Chỉ số thứ tự mới có độ dài, ví dụ {{so:6}}.")),
            });
            rest = tail;
        }
        if rest.contains('}') {
            return Err("Thừa dấu }.".into());
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        let counts = pieces.iter().filter(|piece| matches!(piece, Piece::Number(_))).count();
        match counts {
            1 => Ok(Pattern { pieces }),
            0 => Err("Phải có số thứ tự {so}, nếu không hai hồ sơ sẽ trùng số.".into()),
            _ => Err("Chỉ dùng một số thứ tự {so}.".into()),
        }
    }

    /// A number of its own for every year: the year stands in it, so that counting may begin again.
    pub fn starts_again_each_year(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Year | Piece::ShortYear))
    }

    /// A number of its own for every ward.
    pub fn counts_by_ward(&self) -> bool {
        self.pieces.contains(&Piece::Ward)
    }

    pub fn write(&self, places: &Places<'_>) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Number(width) => out.push_str(&format!("{:0width$}", places.number, width = *width)),
                Piece::Year => out.push_str(&places.year.to_string()),
                Piece::ShortYear => out.push_str(&format!("{:02}", places.year.rem_euclid(100))),
                Piece::Ward => out.push_str(places.ward),
                Piece::Province => out.push_str(places.province),
                Piece::Facility => out.push_str(places.facility),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_the_way_the_archive_wants_them() {
        let places = Places { number: 417, year: 2026, ward: "KNOI", province: "86", facility: "84001" };
        for (pattern, written) in [
            ("{nam2}.{so:6}", "26.000417"),
            ("{so}", "417"),
            ("LT-{khoa}/{nam}/{so:2}", "LT-KNOI/2026/417"),
            ("{tinh}/{coso}/{nam2}/{so:6}", "86/84001/26/000417"),
        ] {
            assert_eq!(Pattern::parse(pattern).expect(pattern).write(&places), written);
        }
        assert!(!Pattern::parse("{so:8}").expect("a pattern").starts_again_each_year());
    }

    #[test]
    fn a_pattern_that_would_repeat_itself_is_refused() {
        for pattern in ["", "{nam}", "{so}{so}", "{so:0}", "{so:13}", "{so", "so}", "{thang}", "{nam:2}{so}"] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern:?}");
        }
    }
}
