//! Who may say that a scanned paper is good: never the one who scanned it.

use base::Problems;
use uuid::Uuid;

/// A paper before its check.
#[derive(Clone, Copy, Debug)]
pub struct ToCheck<'a> {
    pub scanned_by: Uuid,
    pub status: &'a str,
    /// The record it goes into is known.
    pub has_record: bool,
    pub pages: usize,
}

/// Whether this person may file the paper now; tells everything that stands in the way at once.
pub fn may_file(paper: &ToCheck<'_>, checker: Uuid) -> Result<(), Problems> {
    let mut problems = second_pair_of_eyes(paper, checker);
    if paper.status == "returned" {
        problems.add("", "Giấy này đã bị trả lại và đang chờ quét lại. Kiểm tra bản quét mới.");
    }
    if !paper.has_record {
        problems.add("cover", "Chưa biết giấy này thuộc hồ sơ nào. In tờ ngăn cho hồ sơ rồi nhập mã của tờ ngăn.");
    }
    if paper.pages == 0 {
        problems.add("", "Giấy này không còn trang nào. Trả lại để quét lại.");
    }
    problems.or(())
}

/// Whether this person may send the paper back, and says why.
pub fn may_return(paper: &ToCheck<'_>, checker: Uuid, reason: &str) -> Result<(), Problems> {
    let mut problems = second_pair_of_eyes(paper, checker);
    if reason.trim().chars().count() < 5 {
        problems.add("reason", "Ghi rõ trang nào hỏng và hỏng thế nào, để người quét biết quét lại.");
    }
    problems.or(())
}

fn second_pair_of_eyes(paper: &ToCheck<'_>, checker: Uuid) -> Problems {
    let mut problems = Problems::none();
    if paper.scanned_by == checker {
        problems.add("", "Người quét không tự kiểm tra giấy mình quét. Nhờ một người khác kiểm tra.");
    }
    if paper.status == "filed" {
        problems.add("", "Giấy này đã vào hồ sơ. Mở hồ sơ để xem.");
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_who_scanned_never_checks() {
        let (scanner, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let good = ToCheck { scanned_by: scanner, status: "check", has_record: true, pages: 4 };
        assert!(may_file(&good, other).is_ok());
        assert!(may_file(&good, scanner).is_err());
        assert!(may_file(&ToCheck { has_record: false, ..good }, other).is_err());
        assert!(may_file(&ToCheck { pages: 0, ..good }, other).is_err());
        assert!(may_file(&ToCheck { status: "returned", ..good }, other).is_err());
        assert!(may_file(&ToCheck { status: "filed", ..good }, other).is_err());
        assert!(may_return(&good, other, "Trang 2 bị mờ").is_ok());
        assert!(may_return(&good, other, "  ").is_err());
        assert!(may_return(&good, scanner, "Trang 2 bị mờ").is_err());
    }
}
