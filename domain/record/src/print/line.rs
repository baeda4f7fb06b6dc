//! One field as a piece of a printed line: its label, and the gap, squares or options that wait for the answer.

use super::atoms::{Atom, Line, SQUARE};
use super::value::{self, Moment, Part};
use crate::form::definition::{Field, FieldType};
use serde_json::Value;

/// A label as it is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// A line of its own above, e.g. "2. Tiền sử bệnh:".
    pub heading: String,
    /// What stands before the gap, without colon; empty where the line goes on from the field before.
    pub text: String,
}

/// Splits what the form keeps in one label; `before` is the label of the field before it.
pub fn label(field: &Field, before: &str) -> Label {
    let mut text = field.label.trim();
    if let Some((head, _)) = text.split_once(" – ")
        && !head.is_empty()
        && (before.starts_with(head) || before.contains(&format!(" {head}")))
    {
        return Label::default();
    }
    let mut heading = String::new();
    // The last of several headings on one label opens the line, the others stand above it.
    if let Some(at) = [": + ", ": - ", ": . ", ": 1. ", ": a. "].iter().filter_map(|mark| text.rfind(mark)).max() {
        heading = text[..=at].to_owned();
        text = text[at + 2..].trim();
    }
    Label { heading, text: text.trim_end_matches(':').trim().to_owned() }
}

/// A field that only holds the code of the field before it: printed as squares at the end of that line.
pub fn is_code(field: &Field) -> bool {
    let text = field.label.to_lowercase();
    !matches!(field.kind, FieldType::Choice | FieldType::Multichoice | FieldType::Boolean | FieldType::Table)
        && (field.boxes.is_some() || field.kind == FieldType::Icd10)
        && (text.starts_with("mã") && !text.starts_with("mã y") || text.contains("(mã"))
}

/// The label as atoms: bold where asked, words in brackets and the printed hint slanted.
pub fn label_atoms(field: &Field, label: &Label, bold: bool) -> Line {
    let mut out = Vec::new();
    let text = label.text.as_str();
    if !text.is_empty() {
        let style = |words: &str| if bold { Atom::bold(words) } else { Atom::words(words) };
        match text.rfind(" (").filter(|_| text.ends_with(')')) {
            Some(at) => {
                out.push(style(&text[..at]));
                out.push(Atom::slanted(format!("{}: ", &text[at..])));
            }
            None if text.ends_with(['…', '.', '+', '-']) => out.push(style(&format!("{text} "))),
            None => out.push(style(&format!("{text}: "))),
        }
    }
    if let Some(hint) = field.hint.as_deref().filter(|hint| hint.starts_with('(') && has_room_for(field)) {
        out.push(Atom::slanted(format!("{hint} ")));
    }
    out
}

/// Remarks for the software also begin with a bracket; on paper only long answers carry a hint.
fn has_room_for(field: &Field) -> bool {
    matches!(field.kind, FieldType::Longtext | FieldType::Text)
}

/// The whole field as it stands in a line.
pub fn field(field: &Field, before: &str, kept: &Value, bold: bool) -> Line {
    let said = label(field, before);
    let is_day = matches!(field.kind, FieldType::Date | FieldType::Datetime);
    if said.text.contains('…') && (is_day || !said.text.ends_with('…')) {
        return within(field, &said.text, kept);
    }
    // Some papers print "Nam/Nữ" to be struck through; a filled one says which.
    if matches!(field.kind, FieldType::Choice) && said.text.replace(' ', "") == "Nam/Nữ" {
        let chosen = value::words(field, kept);
        return if chosen.is_empty() { vec![Atom::words("Nam/Nữ")] } else { vec![Atom::words("Giới: "), Atom::bold(chosen)] };
    }
    let mut out = label_atoms(field, &said, bold);
    out.extend(answer(field, kept));
    out
}

/// A label whose gap lies in its middle: "Vào ngày thứ … của bệnh", "Ngày … tháng … năm …".
fn within(field: &Field, text: &str, kept: &Value) -> Line {
    if matches!(field.kind, FieldType::Date | FieldType::Datetime) {
        return moment(text, Moment::of(kept), true);
    }
    let (before, after) = text.split_once('…').unwrap_or((text, ""));
    vec![
        Atom::words(before),
        Atom::Slot(value::words(field, kept), 44.0),
        Atom::words(after.trim_start_matches('…')),
    ]
}

/// What waits for the answer, filled or not.
pub fn answer(field: &Field, kept: &Value) -> Line {
    match field.kind {
        FieldType::Date | FieldType::Datetime | FieldType::Time if field.boxes.is_none() => {
            moment(pattern(field), Moment::of(kept), false)
        }
        FieldType::Boolean => vec![square(if value::is_on(kept) { "X" } else { "" })],
        FieldType::Choice | FieldType::Multichoice => options(field, kept),
        FieldType::Integer | FieldType::Decimal | FieldType::Computed if field.boxes.is_none() => number(field, kept),
        _ if field.boxes.is_some() => squares(field, kept),
        _ => {
            let mut out = vec![Atom::Fill(value::words(field, kept))];
            out.extend(unit(field));
            out
        }
    }
}

fn number(field: &Field, kept: &Value) -> Line {
    let text = value::words(field, kept);
    let width = if field.kind == FieldType::Computed && text.chars().count() > 6 { 90.0 } else { 46.0 };
    let mut out = vec![Atom::Slot(text, width)];
    out.extend(unit(field));
    out
}

/// The unit as papers write it.
fn unit(field: &Field) -> Option<Atom> {
    let printed = match field.unit.as_deref()? {
        "/min" => "lần/ph",
        "Cel" => "°C",
        "mm[Hg]" => "mmHg",
        "kg/m2" => "kg/m²",
        "VND" => "đồng",
        "{score}" | "1" => "",
        unit => unit.trim_matches(['{', '}']),
    };
    (!printed.is_empty()).then(|| Atom::words(format!(" {printed} ")))
}

/// The gaps of a printed day or time, as the form draws them.
fn pattern(field: &Field) -> &str {
    match field.printed_as.as_deref() {
        Some(drawn) if drawn.contains('…') => drawn,
        _ => match field.kind {
            FieldType::Date => "…/…/……",
            FieldType::Time => "…… giờ …… phút",
            _ => "…… giờ …… phút ngày …/…/……",
        },
    }
}

/// "…… giờ …… ph ngày …/…/……" with each gap filled with its part.
pub fn moment(pattern: &str, at: Option<Moment>, slanted: bool) -> Line {
    let words = |text: &str| if slanted { Atom::slanted(text) } else { Atom::words(text) };
    let is_gap = |c: char| c == '…';
    let mut out = Vec::new();
    let mut days = [Part::Day, Part::Month, Part::Year].into_iter();
    let mut rest = pattern;
    while let Some(start) = rest.find(is_gap) {
        if start > 0 {
            out.push(words(&rest[..start]));
        }
        rest = rest[start..].trim_start_matches(is_gap);
        let after = rest.trim_start().to_lowercase();
        let part = match after {
            _ if after.starts_with("giờ") => Part::Hour,
            // "… giờ … ngày": some papers leave the word for minutes out.
            _ if after.starts_with("ph") || (after.starts_with("ngày") && !out.is_empty()) => Part::Minute,
            _ => days.next().unwrap_or(Part::Year),
        };
        let width = if part == Part::Year { 24.0 } else { 13.0 };
        out.push(Atom::Slot(at.map(|at| at.part(part)).unwrap_or_default(), width));
    }
    if !rest.is_empty() {
        out.push(words(rest));
    }
    out
}

/// One option with its square.
pub fn choice(option: &str, kept: &Value) -> Atom {
    Atom::Choice { text: option.to_owned(), sign: if value::is_chosen(option, kept) { "X".into() } else { String::new() } }
}

pub fn square(sign: &str) -> Atom {
    Atom::Cells(vec![(sign.to_owned(), SQUARE)])
}

/// Options with a square behind each; where the form counts squares (`max`) the numbers go into squares at the end.
pub fn options(field: &Field, kept: &Value) -> Line {
    let mut out = Vec::new();
    if let Some(squares) = field.max {
        for option in &field.options {
            out.push(Atom::slanted(option.clone()));
            out.push(Atom::Gap(8.0));
        }
        out.push(Atom::Push);
        let chosen: Vec<&str> = field.options.iter().filter(|option| value::is_chosen(option, kept)).map(|option| value::key(option)).collect();
        let cells = (0..squares as usize).map(|at| (chosen.get(at).map_or(String::new(), |sign| (*sign).to_owned()), SQUARE));
        out.push(Atom::Cells(cells.collect()));
        return out;
    }
    for (i, option) in field.options.iter().enumerate() {
        if i > 0 {
            out.push(Atom::Gap(3.0));
        }
        out.push(choice(option, kept));
    }
    out
}

/// Squares for a code, a day or a number.
pub fn squares(field: &Field, kept: &Value) -> Line {
    let count = field.boxes.unwrap_or(4).max(1) as usize;
    if field.kind == FieldType::Date && count == 8 {
        let at = Moment::of(kept);
        let figures = |part: Part, n: usize| cells(&at.map(|at| at.part(part)).unwrap_or_default(), n, false);
        return vec![figures(Part::Day, 2), Atom::Gap(5.0), figures(Part::Month, 2), Atom::Gap(5.0), figures(Part::Year, 4)];
    }
    let text = if field.kind == FieldType::Icd10 { value::code(kept) } else { value::words(field, kept) };
    // One square for a whole code is a rectangle; a card number has few wide ones.
    if count == 1 && matches!(field.kind, FieldType::Text | FieldType::Icd10) {
        return vec![Atom::Cells(vec![(text, 48.0)])];
    }
    if count == 5 && field.kind == FieldType::Text {
        return vec![card(&text)];
    }
    let is_number = matches!(field.kind, FieldType::Integer | FieldType::Decimal | FieldType::Computed);
    let signs: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    // What does not fit its squares is written out beside them: nothing is cut.
    if signs.chars().count() > count {
        return vec![Atom::Cells(vec![(text.clone(), (7.0 * text.chars().count() as f32).max(SQUARE * count as f32))])];
    }
    vec![cells(&signs, count, is_number)]
}

fn cells(text: &str, count: usize, from_right: bool) -> Atom {
    let signs: Vec<char> = text.chars().collect();
    let shift = if from_right { count.saturating_sub(signs.len()) } else { 0 };
    let sign = |at: usize| at.checked_sub(shift).and_then(|at| signs.get(at)).map(char::to_string).unwrap_or_default();
    Atom::Cells((0..count).map(|at| (sign(at), SQUARE)).collect())
}

/// The number of an insurance card in its five boxes: kind, benefit, province, then the ten figures of the person.
fn card(text: &str) -> Atom {
    let signs: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let piece = |from: usize, to: usize| signs.get(from..to.min(signs.len())).map(|piece| piece.iter().collect()).unwrap_or_default();
    if signs.len() == 15 {
        return Atom::Cells(vec![(piece(0, 2), 27.0), (piece(2, 3), 27.0), (piece(3, 5), 27.0), (piece(5, 10), 38.0), (piece(10, 15), 48.0)]);
    }
    if signs.is_empty() {
        return Atom::Cells((0..5).map(|at| (String::new(), if at == 4 { 56.0 } else { 28.0 })).collect());
    }
    Atom::Cells(vec![(text.to_owned(), 168.0)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(kind: FieldType, label: &str) -> Field {
        Field { id: "a".into(), label: label.into(), kind, ..Field::default() }
    }

    #[test]
    fn a_label_gives_up_its_heading_and_its_continuation() {
        let said = label(&of(FieldType::Longtext, "2. Tiền sử bệnh: + Bản thân"), "");
        assert_eq!((said.heading.as_str(), said.text.as_str()), ("2. Tiền sử bệnh:", "+ Bản thân"));
        assert_eq!(label(&of(FieldType::Integer, "15. Vào khoa – Số ngày ĐTr"), "15. Vào khoa").text, "");
        assert_eq!(label(&of(FieldType::Choice, "Tình hình tử vong – do"), "26. Tình hình tử vong").text, "");
    }

    #[test]
    fn a_printed_time_finds_its_parts_by_the_words_around_the_gaps() {
        let at = Moment::of(&json!("2026-11-25T08:05"));
        let slots = |pattern: &str| -> Vec<String> {
            let atoms = moment(pattern, at, false);
            atoms.into_iter().filter_map(|atom| if let Atom::Slot(text, _) = atom { Some(text) } else { None }).collect()
        };
        assert_eq!(slots("…… giờ …… ph ngày …/…/……"), ["08", "05", "25", "11", "2026"]);
        assert_eq!(slots("…… giờ …… ngày …/…/……"), ["08", "05", "25", "11", "2026"]);
        assert_eq!(slots("…… tháng …… năm ……"), ["25", "11", "2026"]);
    }

    #[test]
    fn squares_hold_one_sign_each_and_never_cut() {
        let field = Field { boxes: Some(4), ..of(FieldType::Icd10, "Mã") };
        let Atom::Cells(signs) = &squares(&field, &json!({"code": "J18.9"}))[0] else { panic!() };
        assert_eq!(signs.iter().map(|(sign, _)| sign.as_str()).collect::<String>(), "J189");
        let Atom::Cells(long) = &squares(&field, &json!("S72.30, S82.1"))[0] else { panic!() };
        assert_eq!(long[0].0, "S72.30, S82.1");
        let age = Field { boxes: Some(2), ..of(FieldType::Computed, "Tuổi") };
        let Atom::Cells(signs) = &squares(&age, &json!(7))[0] else { panic!() };
        assert_eq!(signs[1].0, "7");
    }
}
