//! Pages for people: one file per place of work.

pub mod admit;
pub mod beds;
pub mod care;
pub mod consult;
pub mod cost;
pub mod discharge;
pub mod fluids;
pub mod frame;
pub mod map;
pub mod move_ward;
pub mod orders;
pub mod panels;
pub mod round;
pub mod sheet;
pub mod supply;
pub mod tasks;
pub mod theatre;
pub mod vitals;
pub mod wards;
pub mod wristband;

/// Form fields as the browser sends them, where a form has as many lines as somebody typed.
pub type Pairs = Vec<(String, String)>;

/// The first value of a field, trimmed; "" when it was not sent.
pub fn field<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.trim())
}

/// The id that the page minted, or a fresh one when a hand-made form brings none.
pub fn minted(pairs: &Pairs) -> uuid::Uuid {
    field(pairs, "id").parse().unwrap_or_else(|_| uuid::Uuid::now_v7())
}

/// The refusals of a failed act for the page to show; anything else goes on as it is.
pub fn told(failure: web::Failure) -> Result<base::Problems, web::Failure> {
    match failure {
        web::Failure::Refused(problems) => Ok(problems),
        other => Err(other),
    }
}

/// A text of a form with a longest length; too long is refused beside the field.
pub fn text(pairs: &Pairs, name: &'static str, most: usize, problems: &mut base::Problems) -> String {
    let typed = field(pairs, name).replace("\r\n", "\n");
    problems.add_if(typed.chars().count() > most, name, format!("Tối đa {most} ký tự, hãy rút gọn."));
    typed
}

/// The same, and it may not be empty: `missing` says what to write.
pub fn needed(pairs: &Pairs, name: &'static str, most: usize, missing: &'static str, problems: &mut base::Problems) -> String {
    let typed = text(pairs, name, most, problems);
    problems.add_if(typed.is_empty(), name, missing);
    typed
}

/// A moment typed into `datetime-local` or by hand; `None` when it does not read.
pub fn read_moment(typed: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    let typed = typed.trim();
    chrono::NaiveDateTime::parse_from_str(typed, "%Y-%m-%dT%H:%M")
        .or_else(|_| chrono::NaiveDateTime::parse_from_str(typed, "%d/%m/%Y %H:%M"))
        .ok()
        .and_then(|local| local.and_local_timezone(base::dates::vietnam()).single())
        .map(|local| local.with_timezone(&chrono::Utc))
}

/// `24/11 09:41`, Vietnam time.
pub fn show_moment(at: chrono::DateTime<chrono::Utc>) -> String {
    base::local_time(at).format("%d/%m %H:%M").to_string()
}
