//! What people write back by SMS: one word to a reminder, or a whole booking.

use chrono::{NaiveDate, NaiveTime};

/// What was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Confirm,
    Cancel,
    /// No more reminders.
    Stop,
    Book(Wish),
    /// Begins like a booking and lacks something: what.
    Unclear(&'static str),
    Nothing,
}

/// A booking as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The house's code where one is named.
    pub facility: Option<String>,
    /// What for, in the writer's words without marks: "nhi", "tai mui hong".
    pub what: String,
    pub day: NaiveDate,
    pub time: Option<NaiveTime>,
    pub name: String,
    /// As [`patient::Birth::parse`] takes it.
    pub birth: String,
}

/// How a booking is written, told to whoever wrote something else.
pub const HOW: &str = "Soan: KHAM <chuyen khoa> <ngay/thang> <gio> <ho ten> <ngay sinh>. Vi du: KHAM NHI 26/11 8h20 Nguyen Minh Khue 10/01/2020";

/// Understands a message written on `today`.
pub fn read(text: &str, today: NaiveDate) -> Reply {
    let text: String = text.chars().take(320).collect();
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter(|w| !w.is_empty()).collect();
    let folded = base::fold(&text);
    match folded.as_str() {
        "1" | "xn" | "xac nhan" | "dong y" | "ok" | "co" => return Reply::Confirm,
        "2" | "huy" | "huy lich" | "khong" => return Reply::Cancel,
        "stop" | "tu choi" | "tc" | "dung gui" => return Reply::Stop,
        _ => {}
    }
    match words.first().map(|w| base::fold(w)) {
        Some(first) if first == "kham" || first == "dk" => book(&words[1..], today),
        _ => Reply::Nothing,
    }
}

fn book(words: &[&str], today: NaiveDate) -> Reply {
    let (facility, words) = match words {
        [code, rest @ ..] if code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit()) => (Some((*code).to_owned()), rest),
        _ => (None, words),
    };
    let Some(at) = words.iter().position(|w| read_day(w, today).is_some()) else { return Reply::Unclear("ngay kham") };
    let what = words[..at].iter().map(|w| base::fold(w)).collect::<Vec<_>>().join(" ");
    if what.is_empty() {
        return Reply::Unclear("chuyen khoa");
    }
    let day = read_day(words[at], today).unwrap_or(today);
    let mut rest = &words[at + 1..];
    let time = rest.first().and_then(|w| read_time(w));
    if time.is_some() {
        rest = &rest[1..];
    }
    let Some((birth, name)) = rest.split_last().filter(|(last, _)| last.bytes().filter(u8::is_ascii_digit).count() >= 4) else {
        return Reply::Unclear("ngay sinh");
    };
    let name = name.join(" ");
    if base::fold(&name).is_empty() || name.bytes().any(|b| b.is_ascii_digit()) {
        return Reply::Unclear("ho ten");
    }
    Reply::Book(Wish { facility, what, day, time, name, birth: (*birth).to_owned() })
}

/// `26/11`, `26-11-2026`, `mai`, `mot`, `homnay`: a day not yet over; a day and month that are past mean next year's.
fn read_day(word: &str, today: NaiveDate) -> Option<NaiveDate> {
    match base::fold(word).as_str() {
        "homnay" | "nay" => return Some(today),
        "mai" => return today.succ_opt(),
        "mot" | "kia" => return today.succ_opt()?.succ_opt(),
        _ => {}
    }
    let parts: Vec<u32> = word.split(['/', '-', '.']).map(str::parse).collect::<Result<_, _>>().ok()?;
    let this_year = chrono::Datelike::year(&today);
    match parts[..] {
        [day, month] => {
            let at = NaiveDate::from_ymd_opt(this_year, month, day)?;
            if at < today { NaiveDate::from_ymd_opt(this_year + 1, month, day) } else { Some(at) }
        }
        [day, month, year] => NaiveDate::from_ymd_opt(i32::try_from(if year < 100 { 2000 + year } else { year }).ok()?, month, day),
        _ => None,
    }
}

/// `8h20`, `8:20`, `8h`, `08g30`.
fn read_time(word: &str) -> Option<NaiveTime> {
    let word = word.to_lowercase();
    let (hour, minute) = word.split_once(['h', 'g', ':'])?;
    let minute = minute.trim_end_matches('p');
    NaiveTime::from_hms_opt(hour.parse().ok()?, if minute.is_empty() { 0 } else { minute.parse().ok()? }, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 25).unwrap()
    }

    #[test]
    fn one_word_is_enough_for_a_reminder() {
        for (text, reply) in [("1", Reply::Confirm), (" XN ", Reply::Confirm), ("Xác nhận", Reply::Confirm), ("2", Reply::Cancel), ("Hủy", Reply::Cancel), ("HUY.", Reply::Cancel), ("Từ chối", Reply::Stop), ("stop", Reply::Stop)] {
            assert_eq!(read(text, today()), reply, "{text}");
        }
        for text in ["", "12", "cảm ơn", "1 2", "🙂", &"x".repeat(2000)] {
            assert_eq!(read(text, today()), Reply::Nothing, "{text}");
        }
    }

    #[test]
    fn a_booking_is_read_with_and_without_marks() {
        let wish = |text: &str| match read(text, today()) {
            Reply::Book(wish) => wish,
            other => panic!("{text}: {other:?}"),
        };
        let whole = wish("KHAM NHI 26/11 8h20 Nguyen Minh Khue 10/01/2026");
        assert_eq!(
            whole,
            Wish { facility: None, what: "nhi".into(), day: NaiveDate::from_ymd_opt(2026, 11, 26).unwrap(), time: NaiveTime::from_hms_opt(8, 20, 0), name: "Nguyen Minh Khue".into(), birth: "10/01/2026".into() }
        );
        let marked = wish("Khám 84101 tai mũi họng mai, Lê Thị Bé Tư, 1961");
        assert_eq!((marked.facility.as_deref(), marked.what.as_str(), marked.time, marked.name.as_str(), marked.birth.as_str()), (Some("84101"), "tai mui hong", None, "Lê Thị Bé Tư", "1961"));
        assert_eq!(wish("kham noi 3-1 7:30 A B 1/2/1990").day, NaiveDate::from_ymd_opt(2027, 1, 3).unwrap(), "a day of next year");
        assert_eq!(wish("KHAM NOI 25/11 9h Tran Van B 1970").day, today());
    }

    #[test]
    fn what_lacks_something_is_told_what() {
        for (text, lacks) in [("KHAM NHI", "ngay kham"), ("KHAM 26/11 A B 1990", "chuyen khoa"), ("KHAM NHI 26/11 8h20 Nguyen Minh Khue", "ngay sinh"), ("KHAM NHI 26/11 1990", "ho ten"), ("KHAM NHI 31/02 A B 1990", "ngay kham")] {
            assert_eq!(read(text, today()), Reply::Unclear(lacks), "{text}");
        }
    }
}
