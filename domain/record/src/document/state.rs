//! How far a document is, in words, colour and shape.

use super::store::row::Row;

/// A state as badges show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub look: &'static str,
    pub icon: &'static str,
    pub word: String,
}

/// The state of a document whose form asks for `wanted` signatures.
pub fn of(row: &Row, wanted: usize) -> State {
    let state = |look, icon, word: &str| State { look, icon, word: word.to_owned() };
    if row.is_broken {
        return state("critical solid", "alert-octagon", "Chữ ký hỏng");
    }
    match row.status.as_str() {
        "entered_in_error" => state("neutral", "file-off", "Ghi nhầm"),
        "draft" => state("draft", "edit", "Nháp"),
        _ if row.draft_reason.is_some() => state("warning", "edit", "Đang sửa"),
        "signing" => state("waiting", "signature", &format!("Ký {}/{wanted}", row.signed)),
        "signed" if row.signed > 0 => state("done", "circle-check", "Đã ký"),
        "signed" => state("done", "circle-check", "Xong"),
        _ if wanted > 0 => state("waiting", "signature", "Chờ ký"),
        _ => state("done", "circle-check", "Xong"),
    }
}
