//! A message as segments, fields, repetitions, components and subcomponents, with whatever separators its first segment
//! names. Escapes are undone when a value is read and made when one is written.

use std::fmt;

/// The largest message, in bytes.
pub const MAX_MESSAGE: usize = 5 * 1024 * 1024;
/// The most segments of a message.
const MAX_SEGMENTS: usize = 20_000;
/// The most fields of a segment.
const MAX_FIELDS: usize = 500;
/// The longest field apart from the value of an observation, in bytes.
const MAX_FIELD: usize = 64 * 1024;

/// The separators of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Separators {
    pub field: char,
    pub component: char,
    pub repetition: char,
    pub escape: char,
    pub sub: char,
}

impl Default for Separators {
    fn default() -> Separators {
        Separators { field: '|', component: '^', repetition: '~', escape: '\\', sub: '&' }
    }
}

/// Why the text is no message, with where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub words: String,
    pub words_en: String,
}

impl Unreadable {
    fn new(words: impl Into<String>, words_en: impl Into<String>) -> Unreadable {
        Unreadable { words: words.into(), words_en: words_en.into() }
    }
}

/// One line of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub name: String,
    /// Field 1 first, escapes still in.
    fields: Vec<String>,
    separators: Separators,
}

/// A read message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub separators: Separators,
    pub segments: Vec<Segment>,
}

/// What the first segment says, readable even when the rest is not: enough to answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub application: String,
    pub facility: String,
    pub receiving_application: String,
    pub receiving_facility: String,
    pub kind: String,
    pub trigger: String,
    pub control_id: String,
    pub version: String,
    pub charset: String,
}

/// Reads the first segment out of raw bytes, whatever their character set: its separators and codes are ASCII.
/// `None` when the bytes do not begin with `MSH` and a separator.
pub fn head(raw: &[u8]) -> Option<Head> {
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let line = raw.split(|b| matches!(b, b'\r' | b'\n')).next()?;
    let line: String = line.iter().take(4096).map(|b| char::from(*b)).collect();
    let rest = line.strip_prefix("MSH")?;
    let field = rest.chars().next().filter(|c| c.is_ascii_punctuation())?;
    let parts: Vec<&str> = rest.split(field).collect();
    let component = parts.get(1).and_then(|s| s.chars().next()).unwrap_or('^');
    let repetition = parts.get(1).and_then(|s| s.chars().nth(1)).unwrap_or('~');
    let get = |n: usize| parts.get(n - 1).copied().unwrap_or("");
    let first = |n: usize| get(n).split(component).next().unwrap_or("").chars().take(200).collect::<String>();
    let mut kind = get(9).split(component);
    Some(Head {
        application: first(3),
        facility: first(4),
        receiving_application: first(5),
        receiving_facility: first(6),
        kind: kind.next().unwrap_or("").chars().take(20).collect(),
        trigger: kind.next().unwrap_or("").chars().take(20).collect(),
        control_id: get(10).chars().take(200).collect(),
        version: first(12),
        charset: get(18).split(repetition).next().unwrap_or("").to_owned(),
    })
}

/// Reads a message. Segments end with CR; LF and CR LF are taken too, because many systems send them.
pub fn parse(text: &str) -> Result<Message, Unreadable> {
    if text.len() > MAX_MESSAGE {
        return Err(Unreadable::new("Thông điệp lớn hơn 5 MB. Tách tài liệu ra nhiều thông điệp.", "Message larger than 5 MB"));
    }
    let mut lines = text.split(['\r', '\n']).filter(|l| !l.trim_matches([' ', '\0']).is_empty());
    let first = lines.next().unwrap_or("");
    let separators = separators(first)?;
    let mut segments = vec![segment(first, separators, 1)?];
    for line in lines {
        if segments.len() >= MAX_SEGMENTS {
            return Err(Unreadable::new("Thông điệp có quá nhiều dòng. Tách ra nhiều thông điệp.", "Too many segments"));
        }
        let at = segments.len() + 1;
        segments.push(segment(line, separators, at)?);
    }
    Ok(Message { separators, segments })
}

fn separators(first: &str) -> Result<Separators, Unreadable> {
    let wrong = || {
        Unreadable::new(
            "Thông điệp không bắt đầu bằng MSH với năm dấu phân cách. Kiểm tra cách đóng gói ở bên gửi.",
            "Message does not begin with MSH and its separators",
        )
    };
    let mut chars = first.strip_prefix("MSH").ok_or_else(wrong)?.chars();
    let field = chars.next().ok_or_else(wrong)?;
    let encoding: Vec<char> = chars.take_while(|c| *c != field).collect();
    let [component, repetition, escape, rest @ ..] = &encoding[..] else { return Err(wrong()) };
    let sub = rest.first().copied().unwrap_or('&');
    let all = [field, *component, *repetition, *escape, sub];
    let plain = all.iter().all(|c| c.is_ascii_punctuation());
    let distinct = (0..all.len()).all(|i| !all[i + 1..].contains(&all[i]));
    if !plain || !distinct {
        return Err(wrong());
    }
    Ok(Separators { field, component: *component, repetition: *repetition, escape: *escape, sub })
}

fn segment(line: &str, separators: Separators, at: usize) -> Result<Segment, Unreadable> {
    let name: String = line.chars().take(3).collect();
    let next = line.get(3..).and_then(|rest| rest.chars().next());
    let is_name = name.len() == 3 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if !is_name || next.is_some_and(|c| c != separators.field) {
        let shown: String = line.chars().filter(|c| !c.is_control()).take(20).collect();
        return Err(Unreadable::new(
            format!("Dòng {at} không phải một đoạn HL7: “{shown}”. Xuống dòng trong nội dung phải viết là \\.br\\."),
            format!("Line {at} is not a segment; line breaks inside values must be escaped"),
        ));
    }
    let rest = line.get(4..).unwrap_or("");
    let mut fields: Vec<String> = Vec::new();
    if name == "MSH" {
        // The separator itself counts as field 1.
        fields.push(separators.field.to_string());
    }
    for field in rest.split(separators.field) {
        if fields.len() >= MAX_FIELDS {
            return Err(Unreadable::new(format!("Dòng {at} ({name}) có quá nhiều trường."), format!("Segment {name} at line {at} has too many fields")));
        }
        if field.len() > MAX_FIELD && !(name == "OBX" && fields.len() == 4) {
            return Err(Unreadable::new(
                format!("{name}-{} ở dòng {at} dài {} byte, quá giới hạn 64 KB.", fields.len() + 1, field.len()),
                format!("{name}-{} at line {at} is longer than 64 KB", fields.len() + 1),
            ));
        }
        fields.push(field.to_owned());
    }
    while fields.last().is_some_and(String::is_empty) {
        fields.pop();
    }
    Ok(Segment { name, fields, separators })
}

impl Message {
    /// The first segment of this name.
    pub fn first(&self, name: &str) -> Option<&Segment> {
        self.segments.iter().find(|s| s.name == name)
    }
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Segment> {
        self.segments.iter().filter(move |s| s.name == name)
    }
    /// A value of the first segment of this name; "" where there is none.
    pub fn get(&self, name: &str, field: usize, component: usize) -> String {
        self.first(name).map(|s| s.get(field, component)).unwrap_or_default()
    }
}

/// The whole message with CR behind every segment.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.segments {
            write!(f, "{segment}\r")?;
        }
        Ok(())
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        let skip = usize::from(self.name == "MSH");
        for field in self.fields.iter().skip(skip) {
            write!(f, "{}{field}", self.separators.field)?;
        }
        Ok(())
    }
}

impl Segment {
    /// An empty segment, to be filled with [`Segment::with`]. `MSH` begins with its separators.
    pub fn new(name: &str) -> Segment {
        let separators = Separators::default();
        let fields = if name == "MSH" { vec!["|".into(), "^~\\&".into()] } else { Vec::new() };
        Segment { name: name.to_owned(), fields, separators }
    }

    /// Sets a field to components, escaping what they hold; `&[&[a, b], &[c]]` are two repetitions.
    pub fn with(mut self, field: usize, repetitions: &[&[&str]]) -> Segment {
        let s = self.separators;
        let text = repetitions
            .iter()
            .map(|components| components.iter().map(|c| escaped(c, s)).collect::<Vec<_>>().join(&s.component.to_string()))
            .collect::<Vec<_>>()
            .join(&s.repetition.to_string());
        if self.fields.len() < field {
            self.fields.resize(field, String::new());
        }
        self.fields[field - 1] = text;
        self
    }

    /// The same for the usual single value.
    pub fn set(self, field: usize, value: &str) -> Segment {
        self.with(field, &[&[value]])
    }

    /// The whole field as it was sent.
    pub fn raw(&self, field: usize) -> &str {
        field.checked_sub(1).and_then(|i| self.fields.get(i)).map_or("", String::as_str)
    }

    pub fn repetitions(&self, field: usize) -> impl Iterator<Item = Field<'_>> {
        let raw = self.raw(field);
        let is_separators = self.name == "MSH" && field <= 2;
        let split = if is_separators { vec![raw] } else { raw.split(self.separators.repetition).collect() };
        split.into_iter().map(|text| Field { text, separators: self.separators })
    }

    /// A component of the first repetition, escapes undone; "" where there is none. `""` (delete) reads as "".
    pub fn get(&self, field: usize, component: usize) -> String {
        self.repetitions(field).next().map(|f| f.component(component)).unwrap_or_default()
    }
}

/// One repetition of a field.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    text: &'a str,
    separators: Separators,
}

impl<'a> Field<'a> {
    /// A component as it was sent.
    pub fn raw_component(&self, component: usize) -> &'a str {
        component.checked_sub(1).and_then(|i| self.text.split(self.separators.component).nth(i)).unwrap_or("")
    }
    /// The first subcomponent of a component, escapes undone.
    pub fn component(&self, component: usize) -> String {
        let raw = self.raw_component(component);
        let first = raw.split(self.separators.sub).next().unwrap_or("");
        if first == "\"\"" { String::new() } else { unescaped(first, self.separators) }
    }
    /// The whole repetition as one text, escapes undone: for values whose separators were not escaped.
    pub fn text(&self) -> String {
        unescaped(self.text, self.separators)
    }
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Undoes the escapes: separators, `\.br\` and other line breaks, hexadecimal bytes. What is no escape stays as it is;
/// highlighting is dropped.
pub fn unescaped(text: &str, s: Separators) -> String {
    if !text.contains(s.escape) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(s.escape) {
        out.push_str(before);
        let Some((code, behind)) = after.split_once(s.escape) else {
            out.push(s.escape);
            rest = after;
            continue;
        };
        match code {
            "F" => out.push(s.field),
            "S" => out.push(s.component),
            "T" => out.push(s.sub),
            "R" => out.push(s.repetition),
            "E" => out.push(s.escape),
            "H" | "N" => {}
            _ if code.starts_with(".br") || code.starts_with(".sp") || code.starts_with(".ce") => out.push('\n'),
            _ if code.starts_with('.') && code.len() <= 6 => {}
            _ => match code.strip_prefix('X').and_then(bytes) {
                Some(bytes) => out.push_str(&String::from_utf8_lossy(&bytes)),
                None => {
                    // Not an escape of ours: the character stands for itself.
                    out.push(s.escape);
                    rest = after;
                    continue;
                }
            },
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex.is_empty() || !hex.len().is_multiple_of(2) || !hex.is_ascii() {
        return None;
    }
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).ok()).collect()
}

/// Makes a value safe to stand between separators; line breaks become `\.br\`, other control characters go.
pub fn escaped(text: &str, s: Separators) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let code = match c {
            _ if c == s.field => "F",
            _ if c == s.component => "S",
            _ if c == s.sub => "T",
            _ if c == s.repetition => "R",
            _ if c == s.escape => "E",
            '\r' if chars.peek() == Some(&'\n') => continue,
            '\r' | '\n' => ".br",
            c if c.is_control() => continue,
            c => {
                out.push(c);
                continue;
            }
        };
        out.push(s.escape);
        out.push_str(code);
        out.push(s.escape);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A01: &str = "MSH|^~\\&|HIS|84001|YBA|84001|20261124080000||ADT^A01^ADT_A01|1|P|2.5|||||VNM|UNICODE UTF-8\rPID|1||BN1^^^HIS^MR~084085012345^^^CCCD^NI||Nguyễn^An^Văn||19850315|M\rPV1|1|I|K-NOI^101^02||||BS1^Lê^Vân\r";

    #[test]
    fn a_message_reads_and_writes_back_byte_for_byte() {
        let message = parse(A01).unwrap();
        assert_eq!(message.to_string(), A01);
        assert_eq!(message.get("PID", 5, 2), "An");
        assert_eq!(message.get("MSH", 9, 2), "A01");
        assert_eq!(message.get("MSH", 10, 1), "1");
        let second = message.first("PID").unwrap().repetitions(3).nth(1).unwrap();
        assert_eq!((second.component(1).as_str(), second.component(5).as_str()), ("084085012345", "NI"));
        let head = head(A01.as_bytes()).unwrap();
        assert_eq!((head.application.as_str(), head.receiving_facility.as_str(), head.charset.as_str()), ("HIS", "84001", "UNICODE UTF-8"));
        assert_eq!((head.kind.as_str(), head.trigger.as_str(), head.control_id.as_str()), ("ADT", "A01", "1"));
    }

    #[test]
    fn separators_are_what_the_first_segment_says() {
        let message = parse("MSH#*~!&#HIS#A\rPID#1##X*Y\r").unwrap();
        assert_eq!(message.get("PID", 3, 2), "Y");
        for broken in ["", "PID|1", "MSH", "MSH|", "MSH|^^\\&|A", "MSHaabcd", "MSH|^~\\&|A\rxx|1", "MSH|^~\\&|A\rPIDX|1"] {
            assert!(parse(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn escapes_are_undone_and_what_is_none_stays() {
        let s = Separators::default();
        for (sent, means) in [
            ("a\\T\\b", "a&b"),
            ("1\\.br\\2", "1\n2"),
            ("\\X4E\\", "N"),
            ("\\H\\đậm\\N\\", "đậm"),
            ("C:\\thu muc", "C:\\thu muc"),
            ("a\\Z99\\b", "a\\Z99\\b"),
            ("\\", "\\"),
        ] {
            assert_eq!(unescaped(sent, s), means, "{sent}");
        }
    }

    #[test]
    fn monsters_are_told_from_messages() {
        let field = "x".repeat(70_000);
        let refused = parse(&format!("MSH|^~\\&|A\rPID|1||{field}\r")).unwrap_err();
        assert!(refused.words.contains("PID-3"), "{}", refused.words);
        assert!(parse(&format!("MSH|^~\\&|A\rOBX|1|ED|X||{field}\r")).is_ok());
        assert!(parse(&format!("MSH|^~\\&|A\rOBX|1|ED|X||{}\r", "x".repeat(MAX_MESSAGE))).unwrap_err().words.contains("5 MB"));
        assert!(parse(&format!("MSH|^~\\&|A\r{}", "NTE|1\r".repeat(30_000))).is_err());
        assert!(parse(&format!("MSH|^~\\&|A\rNTE{}", "|".repeat(1000))).is_err());
    }

    proptest! {
        #[test]
        fn values_survive_the_way_there_and_back(values in proptest::collection::vec("[^\\x00-\\x1f\\x7f-\\x9f]{0,20}", 1..6)) {
            let components: Vec<&str> = values.iter().map(String::as_str).collect();
            let segment = Segment::new("ZZZ").with(3, &[&components, &["khác"]]);
            let message = parse(&format!("MSH|^~\\&|A\r{segment}\r")).unwrap();
            let field = message.segments[1].repetitions(3).next().unwrap();
            for (i, value) in values.iter().enumerate() {
                if value != "\"\"" {
                    prop_assert_eq!(&field.component(i + 1), value);
                }
            }
            prop_assert_eq!(message.segments[1].repetitions(3).count(), 2);
        }

        #[test]
        fn nothing_makes_the_parser_panic(text in "(MSH\\|\\^~\\\\&)?\\PC{0,200}(\\r\\PC{0,100}){0,4}", raw in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(message) = parse(&text) {
                for segment in &message.segments {
                    for n in 0..8 {
                        let _ = segment.get(n, n);
                    }
                }
                let again = parse(&message.to_string()).unwrap();
                prop_assert_eq!(again.to_string(), message.to_string());
            }
            let _ = head(&raw);
            let _ = parse(&String::from_utf8_lossy(&raw));
        }
    }
}
