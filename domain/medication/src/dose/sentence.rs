//! Reads a dose sentence: `amox 500 s1 c1 5n` → amoxicillin 500, morning 1, evening 1, five days.
//!
//! The reader never guesses in silence. A part that it does not understand, or that contradicts an earlier one,
//! comes back as a place in the text to underline, with the reason; what is missing comes back as a question.
//! What it understood is always read back in full by [`super::aloud`].
//!
//! # Grammar
//! Marks, capitals and spaces do not matter (`Sáng 1` = `s1` = `S 1`); clauses may stand in any order.
//! ```text
//! sentence = drug dose
//! drug     = words and strengths up to the first clause        amox 500 · vitamin c 500 · augmentin 250mg/5ml
//! dose     = phase { ["rồi"] phase } { detail }
//! phase    = rhythm [days]                                     a new rhythm after days begins the next phase
//! rhythm   = slot+                                             s1 tr1 c1 t1 · sáng 1/2 viên, tối 1 viên
//!          | each slots                                        1v s c · mỗi lần 5 ml sáng tối
//!          | each times                                        1v x3 · ngày 3 lần, mỗi lần 5 ml · 3 giọt x 4 · 2 nhát x2
//!          | each "mỗi"|"cách"|"/" N "h"                       1v mỗi 8h · 1 viên cách 8 giờ
//!          | each "khi" cause                                  1v khi sốt >38,5 · 1 gói khi đau
//!          | each N "lần/tuần" | each weekday+                 1v tuần 1 lần · 1v thứ 2 thứ 5
//!          | each "cách ngày" | each "liều duy nhất" | each bedtime
//! each     = ["mỗi lần"] amount unit                           1v · 1/2 viên · 0,5 gói · 5ml · nửa viên
//! slot     = ("s"|"sáng"|"tr"|"trưa"|"c"|"chiều"|"t"|"tối") amount [unit]
//! times    = "x" N ["lần"] | N "lần" ["/ngày"] | "ngày" N "lần"
//! days     = ["x"|"trong"] N ("n"|"ngày"|"tuần"|"tháng")       7 days a week, 30 a month
//! unit     = viên|v · gói · ống · lọ · chai · tuýp · ml · giọt · nhát · đơn vị|ui · gam · muỗng · miếng
//! detail   = "sa" | "sau ăn" | "tr an" | "trước ăn [N phút]" | "trong bữa ăn" | "khi đói" | "trước khi ngủ"
//!          | ("cách"|"cách nhau ít nhất") N "giờ"              the gap between doses taken as needed
//!          | ("tối đa"|"không quá") amount [unit] ["/ngày"]
//!          | way                                               nhỏ mắt phải · bôi · ngậm dưới lưỡi …
//!          | ("sl"|"#") N                                      the quantity in dispensing units
//!          | '"' remark '"'
//! amount   = 1 · 0,5 · 1/2 · ½ · nửa                           only /2, /3, /4 divide
//! ```
//! "g" after a number is refused inside a dose (gram or "gói"?); a range such as `1-2v` is refused (which?).

use super::amount::Milli;
use super::clause::{Clause, Reader};
use super::lexer::{Kind, Token, cut};
use super::words::SLOT_NAMES;
use super::{Dose, Phase, Rhythm, Unit, Way};

/// Longest sentence that is read; nobody types more for one drug.
const LONGEST: usize = 400;

/// What was understood, what was not, and what is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The words before the dose, as typed.
    pub drug: String,
    pub dose: Dose,
    pub unclear: Vec<Unclear>,
    pub missing: Vec<Missing>,
}

/// A part of the text that was not understood, by byte offsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclear {
    pub start: usize,
    pub end: usize,
    pub why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    Drug,
    /// How much each time. Creams and washes do without, see [`Reading::settle_spread`].
    Amount,
    Frequency,
    Days,
}

impl Missing {
    /// The question put to the doctor.
    pub fn question(self) -> &'static str {
        match self {
            Missing::Drug => "Chưa có tên thuốc. Ghi tên trước liều, ví dụ “amox 500 s1 c1 5n”.",
            Missing::Amount => "Chưa rõ mỗi lần bao nhiêu. Ví dụ “1v”, “5ml”, “s1 c1”.",
            Missing::Frequency => "Chưa rõ ngày dùng mấy lần. Ví dụ “x3”, “s1 t1”, “cách 8h”.",
            Missing::Days => "Chưa có số ngày. Ví dụ “5n”.",
        }
    }
}

impl Reading {
    pub fn is_clear(&self) -> bool {
        self.unclear.is_empty() && self.missing.is_empty()
    }

    /// The drug turned out to be a cream, ointment or wash: a layer or a rinse has no amount, so none is missing.
    pub fn settle_spread(&mut self) {
        self.missing.retain(|m| *m != Missing::Amount);
    }
}

/// Reads drug and dose.
pub fn read(text: &str) -> Reading {
    assemble(text, true)
}

/// Reads a dose without a drug, as the plain form sends it.
pub fn read_dose(text: &str) -> Reading {
    assemble(text, false)
}

fn assemble(text: &str, with_drug: bool) -> Reading {
    if text.len() > LONGEST {
        let why = format!("Câu dài hơn {LONGEST} ký tự. Ghi mỗi thuốc một câu ngắn.");
        let unclear = vec![Unclear { start: 0, end: text.len(), why }];
        return Reading { drug: String::new(), dose: Dose::default(), unclear, missing: vec![] };
    }
    let tokens = cut(text);
    let mut builder = Builder { unclear: Vec::new(), missing: Vec::new(), dose: Dose::default(), phase: Draft::default() };
    let mut reader = Reader { tokens: &tokens, begun: !with_drug };
    // The first word is the drug's, whatever it looks like.
    let mut i = usize::from(with_drug && !tokens.is_empty());
    let mut drug_end = if with_drug { tokens.first().map_or(0, |t| t.end) } else { 0 };
    while i < tokens.len() {
        if let Some(end) = range(&tokens, i) {
            reader.begun = true;
            builder.refuse(tokens[i].start, tokens[end].end, "Liều là một khoảng. Chọn một con số.");
            i = end + 1;
            continue;
        }
        match reader.clause(i) {
            Some((clause, next)) if next > i && (reader.begun || clause.begins_dose()) => {
                reader.begun = true;
                builder.take(clause, tokens[i].start, tokens[next - 1].end);
                i = next;
            }
            _ if !reader.begun => {
                drug_end = tokens[i].end;
                i += 1;
            }
            _ => {
                builder.refuse(tokens[i].start, tokens[i].end, why_not(&tokens, i, text));
                i += 1;
            }
        }
    }
    let drug = text[tokens.first().filter(|_| with_drug).map_or(0, |t| t.start)..drug_end].trim().to_owned();
    if with_drug && drug.is_empty() {
        builder.missing.push(Missing::Drug);
    }
    builder.finish(drug)
}

/// "1-2": the last token of a range that starts at `i`.
fn range(tokens: &[Token], i: usize) -> Option<usize> {
    let number = |n: usize| tokens.get(n).is_some_and(|t| matches!(t.kind, Kind::Number(_)));
    let dash = tokens.get(i + 1).is_some_and(|t| matches!(t.kind, Kind::Sign('-' | '–')));
    (number(i) && dash && number(i + 2)).then_some(i + 2)
}

fn why_not(tokens: &[Token], i: usize, text: &str) -> String {
    let shown = &text[tokens[i].start..tokens[i].end];
    match &tokens[i].kind {
        Kind::Word(word) if word == "g" || word == "gr" => "“g” là gam hay gói? Ghi “gói” hoặc “gam”.".into(),
        Kind::Word(word) if matches!(word.as_str(), "mg" | "mcg") => {
            "Hàm lượng ghi ngay sau tên thuốc; liều ghi theo viên, gói, ml.".into()
        }
        Kind::Word(word) if word == "ngay" => "“ngày” mấy lần? Ví dụ “ngày 3 lần”.".into(),
        Kind::BadNumber => format!("Không đọc được số “{shown}”."),
        Kind::Number(_) => format!("“{shown}” là gì? Thêm đơn vị, ví dụ “{shown}v” hoặc “{shown}n”."),
        _ => format!("Không hiểu “{shown}”. Lời dặn riêng đặt trong dấu ngoặc kép."),
    }
}

/// One phase while it is being read.
#[derive(Default)]
struct Draft {
    slots: [Option<Milli>; 4],
    /// Parts of the day named without an amount, with their places.
    bare: Vec<(usize, usize, usize)>,
    each: Option<Milli>,
    unit: Option<Unit>,
    times: Option<(i64, usize, usize)>,
    every: Option<i64>,
    weekly: Option<i64>,
    weekdays: Vec<u8>,
    every_other_day: bool,
    once: bool,
    days: Option<u16>,
    /// From the first to the last byte of the phase.
    place: Option<(usize, usize)>,
}

impl Draft {
    fn has_rhythm(&self) -> bool {
        self.each.is_some()
            || self.slots.iter().any(Option::is_some)
            || !self.bare.is_empty()
            || self.times.is_some()
            || self.every.is_some()
            || self.weekly.is_some()
            || !self.weekdays.is_empty()
            || self.every_other_day
            || self.once
    }
}

struct Builder {
    unclear: Vec<Unclear>,
    missing: Vec<Missing>,
    dose: Dose,
    phase: Draft,
}

impl Builder {
    fn refuse(&mut self, start: usize, end: usize, why: impl Into<String>) {
        self.unclear.push(Unclear { start, end, why: why.into() });
    }

    /// Sets `place` when it is free or says the same; a second, different word is a contradiction.
    fn once_only<T: PartialEq>(&mut self, place: fn(&mut Dose) -> &mut Option<T>, value: T, at: (usize, usize), what: &str) {
        match place(&mut self.dose) {
            Some(earlier) if *earlier != value => self.refuse(at.0, at.1, format!("{what} đã ghi khác ở trước.")),
            slot => *slot = Some(value),
        }
    }

    fn take(&mut self, clause: Clause, start: usize, end: usize) {
        let at = (start, end);
        match clause {
            Clause::Filler => {}
            Clause::Then => self.end_phase(),
            Clause::Meal(meal) => self.once_only(|d| &mut d.meal, meal, at, "Lúc ăn"),
            Clause::Bedtime => self.dose.at_bedtime = true,
            Clause::Way(way) => self.once_only(|d| &mut d.way, way, at, "Đường dùng"),
            Clause::Remark(text) => self.once_only(|d| &mut d.remark, text, at, "Lời dặn"),
            Clause::Needed(trigger) => self.once_only(|d| &mut d.when_needed, trigger, at, "Điều kiện dùng"),
            Clause::Quantity(amount) if amount.is_zero() => self.refuse(start, end, "Số lượng phải lớn hơn 0."),
            Clause::Quantity(amount) => self.once_only(|d| &mut d.quantity, amount, at, "Số lượng"),
            Clause::MostPerDay { amount, unit } => {
                if amount.is_zero() {
                    return self.refuse(start, end, "Tối đa mỗi ngày phải lớn hơn 0.");
                }
                self.agree_unit(unit, at);
                self.once_only(|d| &mut d.most_per_day, amount, at, "Tối đa mỗi ngày");
            }
            Clause::GapHours(hours) => match u16::try_from(hours) {
                Ok(hours @ 1..=72) => self.once_only(|d| &mut d.gap_hours, hours, at, "Khoảng cách"),
                _ => self.refuse(start, end, "Khoảng cách từ 1 đến 72 giờ."),
            },
            rhythm => self.take_rhythm(rhythm, start, end),
        }
    }

    fn take_rhythm(&mut self, clause: Clause, start: usize, end: usize) {
        if self.phase.days.is_some() && self.phase.has_rhythm() && !matches!(clause, Clause::Days(_)) {
            self.end_phase();
        }
        let (first, _) = self.phase.place.unwrap_or((start, end));
        self.phase.place = Some((first, end));
        let at = (start, end);
        let phase = &mut self.phase;
        let again = match clause {
            Clause::Slot { slot, amount: None, .. } => {
                phase.bare.push((slot, start, end));
                None
            }
            Clause::Slot { slot, amount: Some(amount), unit } => {
                let again = phase.slots[slot].replace(amount).map(|_| format!("“{}” đã ghi rồi.", SLOT_NAMES[slot]));
                self.agree_amount(amount, unit, at);
                again
            }
            Clause::Each { amount, unit } => {
                let again = phase.each.replace(amount).map(|_| "Liều mỗi lần đã ghi rồi.".to_owned());
                self.agree_amount(amount, unit, at);
                again
            }
            Clause::PerDay { amount, .. } if amount != Milli::whole(1) => {
                Some(format!("{amount} mỗi ngày chia mấy lần? Ví dụ “1v x{amount}”."))
            }
            Clause::PerDay { amount, unit } => {
                let again = phase.each.replace(amount).map(|_| "Liều mỗi lần đã ghi rồi.".to_owned());
                phase.times = Some((1, start, end));
                self.agree_unit(unit, at);
                again
            }
            Clause::Times(times) => {
                let again = phase.times.replace((times, start, end)).map(|_| "Số lần đã ghi rồi.".to_owned());
                again.or_else(|| (!(1..=24).contains(&times)).then(|| "Số lần mỗi ngày từ 1 đến 24.".to_owned()))
            }
            Clause::EveryHours(hours) => {
                let again = phase.every.replace(hours).map(|_| "Khoảng cách đã ghi rồi.".to_owned());
                again.or_else(|| (!(1..=72).contains(&hours)).then(|| "Khoảng cách từ 1 đến 72 giờ.".to_owned()))
            }
            Clause::TimesAWeek(times) => {
                let again = phase.weekly.replace(times).map(|_| "Số lần mỗi tuần đã ghi rồi.".to_owned());
                again.or_else(|| (!(1..=7).contains(&times)).then(|| "Số lần mỗi tuần từ 1 đến 7.".to_owned()))
            }
            Clause::Weekday(day) => {
                let again = phase.weekdays.contains(&day).then(|| "Thứ này đã ghi rồi.".to_owned());
                phase.weekdays.push(day);
                again
            }
            Clause::EveryOtherDay => {
                phase.every_other_day = true;
                None
            }
            Clause::Once => {
                phase.once = true;
                None
            }
            Clause::Days(days) => match (phase.days, u16::try_from(days)) {
                (Some(_), _) => Some("Số ngày đã ghi rồi.".to_owned()),
                (None, Ok(days @ 1..=365)) => {
                    phase.days = Some(days);
                    None
                }
                _ => Some("Số ngày từ 1 đến 365.".to_owned()),
            },
            _ => None,
        };
        if let Some(why) = again {
            self.refuse(start, end, why);
        }
    }

    /// Zero and improbable amounts are refused; the unit must be that of the phase.
    fn agree_amount(&mut self, amount: Milli, unit: Option<Unit>, at: (usize, usize)) {
        let most = match unit {
            None | Some(Unit::InternationalUnit) => 300,
            Some(Unit::Millilitre) => 500,
            Some(Unit::Drop) => 60,
            Some(Unit::Gram) => 100,
            Some(_) => 20,
        };
        if amount.is_zero() {
            self.refuse(at.0, at.1, "Liều phải lớn hơn 0.");
        } else if amount > Milli::whole(most) {
            self.refuse(at.0, at.1, format!("{amount} một lần là quá nhiều. Kiểm tra lại liều."));
        }
        self.agree_unit(unit, at);
    }

    fn agree_unit(&mut self, unit: Option<Unit>, at: (usize, usize)) {
        let Some(unit) = unit else { return };
        match self.phase.unit {
            Some(earlier) if earlier != unit => self.refuse(at.0, at.1, "Đơn vị khác với phần trước của cùng liều."),
            _ => self.phase.unit = Some(unit),
        }
    }

    fn end_phase(&mut self) {
        let spread = matches!(self.dose.way, Some(Way::Skin | Way::Gargle));
        // "bôi khi ngứa" is a whole instruction although nothing is counted in it.
        let spread_as_needed = spread && self.dose.when_needed.is_some() && self.dose.phases.is_empty();
        if !self.phase.has_rhythm() && !spread_as_needed {
            return;
        }
        let mut draft = std::mem::take(&mut self.phase);
        // "15v/tuần rồi 10v/tuần": what was counted once is counted the same way in the next phase.
        self.phase.unit = draft.unit;
        if spread && draft.each.is_none() && draft.unit.is_none() {
            draft.unit = Some(Unit::Application);
        }
        let Some(rhythm) = self.rhythm(&mut draft, spread) else { return };
        self.dose.phases.push(Phase { rhythm, days: draft.days, unit: draft.unit });
    }

    /// Puts the pieces of one phase together; contradictions are refused where they stand.
    fn rhythm(&mut self, draft: &mut Draft, spread: bool) -> Option<Rhythm> {
        let (start, end) = draft.place.unwrap_or_default();
        let slotted = draft.slots.iter().any(Option::is_some) || !draft.bare.is_empty();
        let kinds = [
            slotted,
            draft.times.is_some() && !slotted,
            draft.every.is_some() || (self.dose.gap_hours.is_some() && self.dose.when_needed.is_none()),
            draft.weekly.is_some() || !draft.weekdays.is_empty(),
            draft.every_other_day,
            draft.once,
        ];
        if kinds.iter().filter(|k| **k).count() > 1 {
            self.refuse(start, end, "Có hai cách chia liều khác nhau trong cùng một câu. Giữ một cách.");
            return None;
        }
        if slotted {
            return self.slots(draft, spread);
        }
        let each = match draft.each {
            Some(each) => each,
            None => {
                if !spread {
                    self.missing.push(Missing::Amount);
                    draft.unit = Some(Unit::Application);
                }
                Milli::whole(1)
            }
        };
        if self.dose.when_needed.is_some() {
            return self.needed(draft, each);
        }
        if let Some(hours) = draft.every.or_else(|| self.dose.gap_hours.take().map(i64::from)) {
            return Some(Rhythm::Every { each, hours: u8::try_from(hours).ok()? });
        }
        if let Some(times) = draft.weekly {
            let named = draft.weekdays.len() as i64;
            if named > 0 && named != times {
                self.refuse(start, end, "Số lần mỗi tuần không khớp các thứ đã ghi.");
            }
            if named == 0 {
                return Some(Rhythm::Weekly { each, times: u8::try_from(times).ok()? });
            }
        }
        if !draft.weekdays.is_empty() {
            draft.weekdays.sort_unstable();
            return Some(Rhythm::Weekdays { each, days: std::mem::take(&mut draft.weekdays) });
        }
        if draft.every_other_day {
            return Some(Rhythm::EveryOtherDay { each });
        }
        if draft.once {
            return Some(Rhythm::Once { each });
        }
        match draft.times {
            Some((times, ..)) => Some(Rhythm::Times { each, per_day: u8::try_from(times).ok()? }),
            None if self.dose.at_bedtime => Some(Rhythm::Times { each, per_day: 1 }),
            None => {
                self.missing.push(Missing::Frequency);
                None
            }
        }
    }

    fn slots(&mut self, draft: &mut Draft, spread: bool) -> Option<Rhythm> {
        let mut slots = draft.slots;
        if draft.each.is_some() && draft.bare.is_empty() {
            let (start, end) = draft.place.unwrap_or_default();
            self.refuse(start, end, "Vừa ghi liều mỗi lần vừa ghi liều từng buổi. Giữ một cách.");
            return None;
        }
        for &(slot, start, end) in &draft.bare {
            let fill = draft.each.or(spread.then_some(Milli::whole(1)));
            match (slots[slot], fill) {
                (Some(_), _) => self.refuse(start, end, format!("“{}” đã ghi rồi.", SLOT_NAMES[slot])),
                (None, Some(each)) => slots[slot] = Some(each),
                (None, None) => self.refuse(start, end, format!("{} bao nhiêu? Ví dụ “{} 1”.", SLOT_NAMES[slot], SLOT_NAMES[slot])),
            }
        }
        let filled = slots.iter().flatten().count() as i64;
        if let Some((times, start, end)) = draft.times.filter(|(times, ..)| *times != filled) {
            self.refuse(start, end, format!("Ghi {times} lần nhưng có {filled} buổi."));
        }
        Some(Rhythm::Slots(slots.map(Option::unwrap_or_default)))
    }

    /// As needed. "1v x3 khi đau" means at most three a day; the reading back says so.
    fn needed(&mut self, draft: &Draft, each: Milli) -> Option<Rhythm> {
        let (start, end) = draft.place.unwrap_or_default();
        if draft.weekly.is_some() || !draft.weekdays.is_empty() || draft.every_other_day || draft.once {
            self.refuse(start, end, "Liều “khi cần” không đi cùng lịch theo tuần hoặc liều duy nhất.");
            return None;
        }
        if let Some(hours) = draft.every {
            let hours = u16::try_from(hours).ok()?;
            self.once_only(|d| &mut d.gap_hours, hours, (start, end), "Khoảng cách");
        }
        if let Some((times, ..)) = draft.times {
            let most = each.times(times)?;
            self.once_only(|d| &mut d.most_per_day, most, (start, end), "Tối đa mỗi ngày");
        }
        Some(Rhythm::Needed { each })
    }

    fn finish(mut self, drug: String) -> Reading {
        let said_days = self.phase.days.is_some();
        self.end_phase();
        if self.dose.phases.is_empty() && self.unclear.is_empty() && self.missing.iter().all(|m| *m == Missing::Drug) {
            self.missing.push(Missing::Amount);
            self.missing.push(Missing::Frequency);
        }
        let by_hand = self.dose.quantity.is_some();
        let open = |p: &Phase| {
            p.days.is_none() && !matches!(p.rhythm, Rhythm::Once { .. }) && !(by_hand && matches!(p.rhythm, Rhythm::Needed { .. }))
        };
        if self.dose.phases.iter().any(open) || (self.dose.phases.is_empty() && !said_days) {
            self.missing.push(Missing::Days);
        }
        self.unclear.sort_by_key(|u| (u.start, u.end));
        Reading { drug, dose: self.dose, unclear: self.unclear, missing: self.missing }
    }
}
