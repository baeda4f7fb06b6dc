//! The calendar entry of a booking (RFC 5545): the same UID for life, a higher SEQUENCE with every change, cancelled when
//! the booking is.

use chrono::{DateTime, Utc};
use scheduling::Appointment;

/// The whole file. `house` and `address` are the facility's, `link` leads to the booking.
pub fn entry(a: &Appointment, house: &str, address: &str, link: &str, now: DateTime<Utc>) -> String {
    let is_over = !a.status.is_live() && a.status != scheduling::Status::Fulfilled;
    let local = |at: DateTime<Utc>| base::dates::local_time(at).format("%Y%m%dT%H%M%S").to_string();
    let place = if a.mode == "video" { "Qua video".to_owned() } else { format!("{house}, {}, {address}", a.room_name) };
    let number = a.queue_no.map(|n| format!("Số khám {n}. ")).unwrap_or_default();
    let lines = [
        "BEGIN:VCALENDAR".into(),
        "VERSION:2.0".into(),
        "PRODID:-//Yba//VnCare//VI".into(),
        format!("METHOD:{}", if is_over { "CANCEL" } else { "PUBLISH" }),
        // Vietnam keeps one time all year.
        "BEGIN:VTIMEZONE".into(),
        "TZID:Asia/Ho_Chi_Minh".into(),
        "BEGIN:STANDARD".into(),
        "DTSTART:19700101T000000".into(),
        "TZOFFSETFROM:+0700".into(),
        "TZOFFSETTO:+0700".into(),
        "TZNAME:+07".into(),
        "END:STANDARD".into(),
        "END:VTIMEZONE".into(),
        "BEGIN:VEVENT".into(),
        format!("UID:{}@yba.vn", a.id),
        format!("SEQUENCE:{}", a.version),
        format!("DTSTAMP:{}", now.format("%Y%m%dT%H%M%SZ")),
        format!("DTSTART;TZID=Asia/Ho_Chi_Minh:{}", local(a.starts_at)),
        format!("DTEND;TZID=Asia/Ho_Chi_Minh:{}", local(a.ends_at)),
        format!("SUMMARY:{}", text(&format!("Lịch khám tại {house}"))),
        format!("LOCATION:{}", text(&place)),
        format!("DESCRIPTION:{}", text(&format!("{number}{}\n{link}", a.preparation))),
        format!("URL:{link}"),
        format!("STATUS:{}", if is_over { "CANCELLED" } else { "CONFIRMED" }),
        "BEGIN:VALARM".into(),
        "ACTION:DISPLAY".into(),
        "DESCRIPTION:Sắp tới giờ khám".into(),
        "TRIGGER:-PT2H".into(),
        "END:VALARM".into(),
        "END:VEVENT".into(),
        "END:VCALENDAR".into(),
    ];
    lines.iter().map(|line: &String| fold(line)).collect()
}

/// Text with what the format keeps for itself escaped.
fn text(value: &str) -> String {
    value.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace("\r\n", "\\n").replace('\n', "\\n")
}

/// No line longer than 75 bytes, cut between letters; ends with CRLF.
fn fold(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width += c.len_utf8();
    }
    out + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_short_and_unfold_to_what_they_were() {
        let long = format!("DESCRIPTION:{}", "Ẫ ổn, ".repeat(60));
        let folded = fold(&long);
        assert!(folded.split("\r\n").all(|l| l.len() <= 75));
        assert_eq!(folded.replace("\r\n ", "").trim_end(), long.trim_end());
        assert_eq!(text("a,b;c\\d\ne"), "a\\,b\\;c\\\\d\\ne");
    }
}
