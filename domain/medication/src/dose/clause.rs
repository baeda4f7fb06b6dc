//! One clause of the sentence at a time: "s1", "mỗi lần 5 ml", "cách 6 giờ". Each reader looks at the tokens from
//! one place on and says what it found and where it stopped, or that this is not its clause.

use super::amount::Milli;
use super::lexer::{Kind, Token};
use super::words::{BEDTIME, CAUSES, MEALS, SLOTS, UNITS, WAYS, WEEKDAYS};
use super::{Cause, Meal, Trigger, Unit, Way};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// Part of the day, with the amount unless it was left to "mỗi lần".
    Slot { slot: usize, amount: Option<Milli>, unit: Option<Unit> },
    Each { amount: Milli, unit: Option<Unit> },
    /// "3 viên/ngày": how it is divided was not said.
    PerDay { amount: Milli, unit: Option<Unit> },
    Times(i64),
    /// "mỗi 8 giờ".
    EveryHours(i64),
    /// "cách 6 giờ": a rhythm, or the least gap between two doses as needed.
    GapHours(i64),
    TimesAWeek(i64),
    Weekday(u8),
    EveryOtherDay,
    Once,
    Days(i64),
    Needed(Trigger),
    MostPerDay { amount: Milli, unit: Option<Unit> },
    Meal(Meal),
    Bedtime,
    Way(Way),
    Quantity(Milli),
    Remark(String),
    /// The next phase of a tapered dose begins.
    Then,
    /// Carries no meaning: commas, "và", "mỗi ngày".
    Filler,
}

impl Clause {
    /// Whether this clause ends the name of the drug. A way does not: "nước súc miệng" is a name.
    pub fn begins_dose(&self) -> bool {
        !matches!(self, Clause::Way(_) | Clause::Filler | Clause::Then)
    }
}

/// The tokens, read from a place.
pub struct Reader<'a> {
    pub tokens: &'a [Token],
    /// Whether a clause of the dose has been read already: single letters then need no number.
    pub begun: bool,
}

type Found = Option<(Clause, usize)>;

impl Reader<'_> {
    /// The clause that starts at token `i` and the place after it; the order is that of certainty.
    pub fn clause(&self, i: usize) -> Found {
        self.quantity(i)
            .or_else(|| self.once(i))
            .or_else(|| self.most_per_day(i))
            .or_else(|| self.bedtime(i))
            .or_else(|| self.meal(i))
            .or_else(|| self.needed(i))
            .or_else(|| self.rhythm(i))
            .or_else(|| self.times(i))
            .or_else(|| self.days(i))
            .or_else(|| self.each(i))
            .or_else(|| self.slot(i))
            .or_else(|| self.way(i))
            .or_else(|| self.rest(i))
    }

    fn kind(&self, i: usize) -> Option<&Kind> {
        self.tokens.get(i).map(|t| &t.kind)
    }

    fn word(&self, i: usize) -> Option<&str> {
        match self.kind(i) {
            Some(Kind::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn number(&self, i: usize) -> Option<Milli> {
        match self.kind(i) {
            Some(Kind::Number(amount)) => Some(*amount),
            Some(Kind::Word(word)) if word == "nua" => Some(Milli(500)),
            _ => None,
        }
    }

    /// A whole number; "một" and "hai" to "sáu" are read as well.
    fn count(&self, i: usize) -> Option<i64> {
        match self.kind(i) {
            Some(Kind::Number(amount)) if amount.is_whole() => Some(amount.0 / 1000),
            Some(Kind::Word(word)) => {
                ["mot", "hai", "ba", "bon", "nam", "sau"].iter().position(|w| w == word).map(|p| p as i64 + 1)
            }
            _ => None,
        }
    }

    fn sign(&self, i: usize, sign: char) -> bool {
        self.kind(i) == Some(&Kind::Sign(sign))
    }

    /// The place after `phrase` when its words stand at `i`.
    fn phrase(&self, i: usize, phrase: &str) -> Option<usize> {
        let mut next = i;
        for wanted in phrase.split(' ') {
            if self.word(next) != Some(wanted) {
                return None;
            }
            next += 1;
        }
        Some(next)
    }

    fn any_phrase(&self, i: usize, phrases: &[&str]) -> Option<usize> {
        phrases.iter().filter_map(|p| self.phrase(i, p)).max()
    }

    /// The longest phrase of a table at `i`, with its meaning.
    fn table<T: Copy>(&self, i: usize, table: &[(&str, T)]) -> Option<(T, usize)> {
        table.iter().filter_map(|(p, meaning)| self.phrase(i, p).map(|n| (*meaning, n))).max_by_key(|&(_, n)| n)
    }

    fn unit(&self, i: usize) -> (Option<Unit>, usize) {
        self.table(i, UNITS).map_or((None, i), |(unit, next)| (Some(unit), next))
    }

    fn hours(&self, i: usize) -> Option<(i64, usize)> {
        let next = self.any_phrase(i + 1, &["h", "gio", "tieng"])?;
        Some((self.count(i)?, next))
    }

    /// "/ngày", "mỗi ngày", "một ngày", "trong 24 giờ".
    fn per_day(&self, i: usize) -> Option<usize> {
        let slash = if self.sign(i, '/') { self.phrase(i + 1, "ngay").or_else(|| self.a_day_in_hours(i + 1)) } else { None };
        slash
            .or_else(|| self.any_phrase(i, &["moi ngay", "mot ngay", "trong ngay", "hang ngay", "trong mot ngay"]))
            .or_else(|| (self.count(i) == Some(1)).then(|| self.phrase(i + 1, "ngay")).flatten())
            .or_else(|| self.phrase(i, "trong").and_then(|n| self.a_day_in_hours(n)))
    }

    fn a_day_in_hours(&self, i: usize) -> Option<usize> {
        self.hours(i).filter(|(hours, _)| *hours == 24).map(|(_, next)| next)
    }

    /// "/tuần", "mỗi tuần". "1 tuần" is missing: after "3 lần" it may also be how long.
    fn per_week(&self, i: usize) -> Option<usize> {
        let slash = if self.sign(i, '/') { self.phrase(i + 1, "tuan") } else { None };
        slash.or_else(|| self.any_phrase(i, &["moi tuan", "mot tuan", "hang tuan"]))
    }

    /// "3 lần", "3 l".
    fn so_many_times(&self, i: usize) -> Option<(i64, usize)> {
        Some((self.count(i)?, self.any_phrase(i + 1, &["lan", "l"])?))
    }

    fn quantity(&self, i: usize) -> Found {
        let at = self.any_phrase(i, &["sl", "so luong"]).or_else(|| self.sign(i, '#').then_some(i + 1))?;
        let amount = self.number(at)?;
        Some((Clause::Quantity(amount), self.unit(at + 1).1))
    }

    fn once(&self, i: usize) -> Found {
        let plain = self.any_phrase(i, &["lieu duy nhat", "mot lan duy nhat", "duy nhat"]);
        let counted = || (self.count(i) == Some(1)).then(|| self.phrase(i + 1, "lan duy nhat")).flatten();
        plain.or_else(counted).map(|next| (Clause::Once, next))
    }

    fn most_per_day(&self, i: usize) -> Found {
        let at = self.any_phrase(i, &["toi da", "max", "khong qua", "khong dung qua", "khong uong qua"])?;
        let amount = self.number(at)?;
        let (unit, next) = match self.phrase(at + 1, "lan") {
            Some(next) => (Some(Unit::Application), next),
            None => self.unit(at + 1),
        };
        Some((Clause::MostPerDay { amount, unit }, self.per_day(next).unwrap_or(next)))
    }

    fn bedtime(&self, i: usize) -> Found {
        Some((Clause::Bedtime, self.any_phrase(i, BEDTIME)?))
    }

    fn meal(&self, i: usize) -> Found {
        let (meal, next) = self.table(i, MEALS)?;
        let minutes = self.count(next).filter(|m| (1..=180).contains(m));
        let after_minutes = self.any_phrase(next + 1, &["phut", "ph", "p"]);
        Some(match (meal, minutes, after_minutes) {
            (Meal::After { .. }, Some(m), Some(n)) => (Clause::Meal(Meal::After { minutes: u8::try_from(m).ok() }), n),
            (Meal::Before { .. }, Some(m), Some(n)) => (Clause::Meal(Meal::Before { minutes: u8::try_from(m).ok() }), n),
            _ => (Clause::Meal(meal), next),
        })
    }

    fn needed(&self, i: usize) -> Found {
        if let Some(next) = self.phrase(i, "prn") {
            return Some((Clause::Needed(Trigger { cause: Cause::Needed, from_celsius: None }), next));
        }
        let at = self.any_phrase(i, &["khi", "neu", "luc"])?;
        let (cause, mut next) = self.table(at, CAUSES)?;
        let mut from_celsius = None;
        if cause == Cause::Fever {
            let threshold = self.after_comparison(next);
            let said = threshold.unwrap_or(next);
            let fever = self.number(said).filter(|t| (36_000..=42_000).contains(&t.0));
            let after = self.after_degree(said + 1);
            // A bare number after "sốt" may be the days: only a comparison or a degree sign makes it a temperature.
            if let Some(celsius) = fever.filter(|_| threshold.is_some() || after > said + 1) {
                from_celsius = Some(celsius);
                next = after;
            }
        }
        Some((Clause::Needed(Trigger { cause, from_celsius }), next))
    }

    /// The place after "°C", "độ C" or "độ"; `i` itself where no degree stands.
    fn after_degree(&self, i: usize) -> usize {
        let sign = if self.sign(i, '°') { Some(i + 1) } else { self.any_phrase(i, &["do", "º", "ºc", "oc"]) };
        sign.map_or(i, |n| self.phrase(n, "c").unwrap_or(n))
    }

    /// The place after "từ", "trên", ">", "≥" or ">=".
    fn after_comparison(&self, i: usize) -> Option<usize> {
        if self.sign(i, '>') {
            return Some(if self.sign(i + 1, '=') { i + 2 } else { i + 1 });
        }
        if self.sign(i, '≥') {
            return Some(i + 1);
        }
        self.any_phrase(i, &["tu", "tren"])
    }

    fn rhythm(&self, i: usize) -> Found {
        if let Some(next) = self.phrase(i, "cach ngay") {
            return Some((Clause::EveryOtherDay, next));
        }
        let gap = ["cach", "cach nhau", "cach it nhat", "cach nhau it nhat", "it nhat cach", "it nhat cach nhau"];
        if let Some((hours, next)) = self.any_phrase(i, &gap).and_then(|at| self.hours(at)) {
            return Some((Clause::GapHours(hours), next));
        }
        let every = self.any_phrase(i, &["moi", "cu", "cu moi", "q"]).or_else(|| self.sign(i, '/').then_some(i + 1));
        if let Some((hours, next)) = every.and_then(|at| self.hours(at)) {
            return Some((Clause::EveryHours(hours), next));
        }
        self.weekly(i)
    }

    fn weekly(&self, i: usize) -> Found {
        if let Some((day, next)) = self.table(i, WEEKDAYS) {
            return Some((Clause::Weekday(day), next));
        }
        if let Some(day) = self.phrase(i, "thu").and_then(|at| self.count(at)).filter(|d| (2..=7).contains(d)) {
            return Some((Clause::Weekday(day as u8), i + 2));
        }
        if let Some((times, next)) = self.so_many_times(i) {
            return self.per_week(next).map(|n| (Clause::TimesAWeek(times), n));
        }
        let one = if self.count(i) == Some(1) { self.phrase(i + 1, "tuan") } else { self.phrase(i, "tuan") };
        if let Some((times, next)) = self.per_week(i).or(one).and_then(|at| self.so_many_times(at)) {
            return Some((Clause::TimesAWeek(times), next));
        }
        // "mỗi tuần" alone is once a week; "một tuần" alone is how long.
        let once = self.per_week(i).filter(|_| self.word(i) != Some("mot"));
        once.map(|next| (Clause::TimesAWeek(1), next))
    }

    fn times(&self, i: usize) -> Found {
        // "ngày 3 lần", "ngày uống 3 lần", "mỗi ngày nhỏ 4 lần", "1 ngày 2 lần".
        if let Some(at) = self.phrase(i, "ngay").or_else(|| self.per_day(i)) {
            let at = self.any_phrase(at, &["uong", "nho", "boi", "xit", "hit", "ngam", "dung", "suc mieng"]).unwrap_or(at);
            if let Some((times, next)) = self.so_many_times(at) {
                return Some((Clause::Times(times), next));
            }
        }
        if let Some((times, next)) = self.so_many_times(i) {
            return Some((Clause::Times(times), self.per_day(next).unwrap_or(next)));
        }
        let at = self.multiplied(i)?;
        if let Some((times, next)) = self.so_many_times(at) {
            return Some((Clause::Times(times), self.per_day(next).unwrap_or(next)));
        }
        let times = self.count(at)?;
        if self.day_word(at + 1).is_some() {
            return None;
        }
        Some((Clause::Times(times), self.per_day(at + 1).unwrap_or(at + 1)))
    }

    fn multiplied(&self, i: usize) -> Option<usize> {
        let sign = self.sign(i, '×') || self.sign(i, '*');
        if sign { Some(i + 1) } else { self.phrase(i, "x") }
    }

    /// The word for days, weeks or months at `i`, as a number of days.
    fn day_word(&self, i: usize) -> Option<(i64, usize)> {
        self.any_phrase(i, &["n", "ngay", "ng"])
            .map(|n| (1, n))
            .or_else(|| self.phrase(i, "tuan").map(|n| (7, n)))
            .or_else(|| self.phrase(i, "thang").map(|n| (30, n)))
    }

    fn days(&self, i: usize) -> Found {
        let at = self.multiplied(i).or_else(|| self.any_phrase(i, &["trong", "dung trong", "trong vong"])).unwrap_or(i);
        let count = self.count(at)?;
        let (days, next) = self.day_word(at + 1)?;
        Some((Clause::Days(count.checked_mul(days)?), next))
    }

    fn each(&self, i: usize) -> Found {
        let said = self.any_phrase(i, &["moi lan", "lan", "moi lan uong", "lan uong", "moi lan dung", "moi lan nho", "moi lan xit", "moi lan hit"]);
        let at = said.unwrap_or(i);
        let amount = self.number(at)?;
        let (unit, next) = self.unit(at + 1);
        let bare_product = || self.multiplied(next).is_some() && amount <= Milli::whole(20);
        // The 6 of "vitamin B6" and the 5 of "250mg/5ml" belong to the name.
        let part_of_name = !self.begun && i > 0 && self.tokens[i].glued && self.kind(i - 1) != Some(&Kind::Pause);
        if part_of_name || (unit.is_none() && said.is_none() && !bare_product()) {
            return None;
        }
        if let Some(next) = self.per_day(next).filter(|n| self.so_many_times(*n).is_none() && self.so_many_times(next + 1).is_none()) {
            return Some((Clause::PerDay { amount, unit }, next));
        }
        let next = if self.sign(next, '/') { self.phrase(next + 1, "lan").unwrap_or(next) } else { next };
        Some((Clause::Each { amount, unit }, next))
    }

    fn slot(&self, i: usize) -> Found {
        let word = self.word(i)?;
        let slot = SLOTS.iter().find(|(words, _)| words.contains(&word)).map(|(_, slot)| *slot)?;
        let vitamin = i > 0 && matches!(self.word(i - 1), Some("vitamin" | "vit" | "sinh"));
        let Some(amount) = self.number(i + 1).filter(|_| self.day_word(i + 2).is_none()) else {
            return self.begun.then_some((Clause::Slot { slot, amount: None, unit: None }, i + 1));
        };
        let glued = self.tokens[i + 1].glued;
        // "vitamin C 500" is a name; "amox 500 s 1 c 1" is not.
        if !self.begun && !glued && word.len() <= 2 && (vitamin || amount > Milli::whole(20)) {
            return None;
        }
        // "sáng 1 lần": once in the morning, for what is spread or rinsed.
        if let Some(next) = self.phrase(i + 2, "lan") {
            return Some((Clause::Slot { slot, amount: Some(amount), unit: Some(Unit::Application) }, next));
        }
        let (unit, next) = self.unit(i + 2);
        Some((Clause::Slot { slot, amount: Some(amount), unit }, next))
    }

    fn way(&self, i: usize) -> Found {
        let (way, next) = self.table(i, WAYS)?;
        Some((Clause::Way(way), next))
    }

    fn rest(&self, i: usize) -> Found {
        match self.kind(i)? {
            Kind::Quote(text) if !text.is_empty() => Some((Clause::Remark(text.clone()), i + 1)),
            Kind::Pause | Kind::Quote(_) => Some((Clause::Filler, i + 1)),
            Kind::Sign('+' | '&') if self.begun => Some((Clause::Filler, i + 1)),
            Kind::Sign('-' | '–') if self.begun && !self.tokens[i].glued => Some((Clause::Filler, i + 1)),
            _ => self
                .any_phrase(i, &["roi", "sau do"])
                .map(|n| (Clause::Then, n))
                .or_else(|| self.any_phrase(i, &["va", "moi ngay", "hang ngay"]).map(|n| (Clause::Filler, n))),
        }
    }
}
