//! The states of a prescription. A draft is worked on; once issued it is never changed (Circular 26/2025 art. 6(9)):
//! a mistake is repaired by a new prescription with a new code that replaces it, or by cancelling.

use base::Problem;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Draft,
    Issued,
    Replaced,
    Cancelled,
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Change lines, advice, dates.
    Edit,
    Issue,
    /// A new prescription takes its place; the reason is told to the pharmacy and the person.
    Replace { reason: &'a str },
    Cancel { reason: &'a str },
}

impl Status {
    pub fn key(self) -> &'static str {
        match self {
            Status::Draft => "draft",
            Status::Issued => "issued",
            Status::Replaced => "replaced",
            Status::Cancelled => "cancelled",
        }
    }
    pub fn from_key(key: &str) -> Option<Status> {
        [Status::Draft, Status::Issued, Status::Replaced, Status::Cancelled].into_iter().find(|s| s.key() == key)
    }
    /// The word on the badge.
    pub fn name(self) -> &'static str {
        match self {
            Status::Draft => "Nháp",
            Status::Issued => "Đã phát hành",
            Status::Replaced => "Đã thay thế",
            Status::Cancelled => "Đã hủy",
        }
    }
}

/// The state after the step, or why it cannot be done.
pub fn after(status: Status, step: Step) -> Result<Status, Problem> {
    match (status, step) {
        (Status::Draft, Step::Edit) => Ok(Status::Draft),
        (Status::Draft, Step::Issue) => Ok(Status::Issued),
        (Status::Issued, Step::Edit) => Err(Problem::of("Đơn đã phát hành không sửa được. Lập đơn thay thế với mã mới.")),
        (Status::Issued, Step::Issue) => Err(Problem::of("Đơn này đã phát hành rồi.")),
        (Status::Issued, Step::Replace { reason }) => reasoned(reason, Status::Replaced),
        (Status::Issued, Step::Cancel { reason }) => reasoned(reason, Status::Cancelled),
        (Status::Draft, Step::Replace { .. }) => Err(Problem::of("Đơn còn là nháp: sửa trực tiếp, không cần đơn thay thế.")),
        (Status::Draft, Step::Cancel { .. }) => Ok(Status::Cancelled),
        (Status::Replaced, _) => Err(Problem::of("Đơn này đã được thay bằng đơn khác. Mở đơn mới nhất.")),
        (Status::Cancelled, _) => Err(Problem::of("Đơn này đã hủy. Lập đơn mới.")),
    }
}

fn reasoned(reason: &str, to: Status) -> Result<Status, Problem> {
    let letters = reason.trim().chars().count();
    if letters < 5 {
        return Err(Problem::at("reason", "Ghi lý do, ít nhất 5 ký tự, ví dụ “đổi liều theo cân nặng”."));
    }
    if letters > 500 {
        return Err(Problem::at("reason", "Lý do dài quá 500 ký tự. Rút ngắn lại."));
    }
    Ok(to)
}

/// Why a contraindication is overruled, as a code that reports can count.
pub const OVERRIDE_REASONS: [(&str, &str); 6] = [
    ("benefit", "Lợi ích lớn hơn nguy cơ, có theo dõi"),
    ("home_stopped", "Đã dặn ngưng thuốc đang dùng ở nhà"),
    ("tolerated", "Đã dùng trước đây, dung nạp tốt"),
    ("short_local", "Dùng ngắn ngày hoặc tại chỗ"),
    ("consultation", "Theo hội chẩn hoặc chuyên khoa"),
    ("record_wrong", "Dị ứng ghi nhận không đúng, đã hỏi lại"),
];

/// Checks code and text of an override; both are needed.
pub fn check_override(code: &str, text: &str) -> Result<(), base::Problems> {
    let mut problems = base::Problems::none();
    problems.add_if(!OVERRIDE_REASONS.iter().any(|(key, _)| *key == code), "reason_code", "Chọn một lý do trong danh sách.");
    let letters = text.trim().chars().count();
    problems.add_if(letters < 5, "reason", "Ghi rõ vì sao vẫn dùng, ít nhất 5 ký tự.");
    problems.add_if(letters > 500, "reason", "Lý do dài quá 500 ký tự. Rút ngắn lại.");
    problems.or(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_a_prescription() {
        let why = "đổi liều theo cân nặng";
        for (status, step, to) in [
            (Status::Draft, Step::Edit, Some(Status::Draft)),
            (Status::Draft, Step::Issue, Some(Status::Issued)),
            (Status::Draft, Step::Cancel { reason: "" }, Some(Status::Cancelled)),
            (Status::Draft, Step::Replace { reason: why }, None),
            (Status::Issued, Step::Edit, None),
            (Status::Issued, Step::Issue, None),
            (Status::Issued, Step::Replace { reason: why }, Some(Status::Replaced)),
            (Status::Issued, Step::Replace { reason: " " }, None),
            (Status::Issued, Step::Cancel { reason: why }, Some(Status::Cancelled)),
            (Status::Issued, Step::Cancel { reason: "sai" }, None),
            (Status::Replaced, Step::Edit, None),
            (Status::Replaced, Step::Cancel { reason: why }, None),
            (Status::Cancelled, Step::Issue, None),
        ] {
            assert_eq!(after(status, step).ok(), to, "{status:?} {step:?}");
        }
    }

    #[test]
    fn an_override_needs_code_and_words() {
        assert!(check_override("benefit", "theo dõi CK mỗi tuần").is_ok());
        assert_eq!(check_override("", "").unwrap_err().0.len(), 2);
        assert!(check_override("because", "theo dõi CK").is_err());
    }
}
