//! A sample: which tube, which number, and how it goes from the arm to the bench.

use base::Problem;
use chrono::NaiveDate;
use uuid::Uuid;

/// What a sample is taken into. One tube of a kind serves all orders of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tube {
    Edta,
    Citrate,
    Serum,
    Heparin,
    Urine,
    Swab,
    Sputum,
    BloodCulture,
    Breath,
    Other,
}

impl Tube {
    /// All tubes, in the order of draw that keeps additives out of the next tube (CLSI GP41).
    pub const ALL: [Tube; 10] = [
        Tube::BloodCulture,
        Tube::Citrate,
        Tube::Serum,
        Tube::Heparin,
        Tube::Edta,
        Tube::Urine,
        Tube::Swab,
        Tube::Sputum,
        Tube::Breath,
        Tube::Other,
    ];

    /// The key as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Tube::Edta => "edta",
            Tube::Citrate => "citrate",
            Tube::Serum => "serum",
            Tube::Heparin => "heparin",
            Tube::Urine => "urine",
            Tube::Swab => "swab",
            Tube::Sputum => "sputum",
            Tube::BloodCulture => "blood_culture",
            Tube::Breath => "breath",
            Tube::Other => "other",
        }
    }

    pub fn from_key(key: &str) -> Option<Tube> {
        Tube::ALL.into_iter().find(|tube| tube.key() == key)
    }

    /// As the collector calls it, with the colour of the cap.
    pub fn name(self) -> &'static str {
        match self {
            Tube::Edta => "EDTA (nắp tím)",
            Tube::Citrate => "Citrat (nắp xanh lam)",
            Tube::Serum => "Huyết thanh (nắp đỏ)",
            Tube::Heparin => "Heparin (nắp xanh lục)",
            Tube::Urine => "Lọ nước tiểu",
            Tube::Swab => "Que phết",
            Tube::Sputum => "Lọ đờm",
            Tube::BloodCulture => "Chai cấy máu",
            Tube::Breath => "Túi hơi thở",
            Tube::Other => "Mẫu khác",
        }
    }

    /// As it stands in narrow columns and on labels.
    pub fn short(self) -> &'static str {
        match self {
            Tube::Edta => "EDTA",
            Tube::Citrate => "Citrat",
            Tube::Serum => "HT",
            Tube::Heparin => "Heparin",
            Tube::Urine => "Nước tiểu",
            Tube::Swab => "Que phết",
            Tube::Sputum => "Đờm",
            Tube::BloodCulture => "Cấy máu",
            Tube::Breath => "Hơi thở",
            Tube::Other => "Khác",
        }
    }
}

/// Where a sample stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Taken, on its way.
    Collected,
    /// In the laboratory.
    Received,
    /// Unfit: the person must give another.
    Rejected,
    /// All its results are released.
    Reported,
}

impl Status {
    pub const ALL: [Status; 4] = [Status::Collected, Status::Received, Status::Rejected, Status::Reported];

    /// The key as it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Status::Collected => "collected",
            Status::Received => "received",
            Status::Rejected => "rejected",
            Status::Reported => "reported",
        }
    }

    pub fn from_key(key: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.key() == key)
    }

    pub fn name(self) -> &'static str {
        match self {
            Status::Collected => "Đã lấy, chờ nhận",
            Status::Received => "Đã nhận",
            Status::Rejected => "Từ chối mẫu",
            Status::Reported => "Đã trả kết quả",
        }
    }
}

/// Receives a sample. A second time changes nothing; a rejected one stays rejected.
pub fn receive(status: Status) -> Result<Status, Problem> {
    match status {
        Status::Collected | Status::Received => Ok(Status::Received),
        Status::Reported => Ok(Status::Reported),
        Status::Rejected => {
            Err(Problem::of("Mẫu này đã bị từ chối nên không nhận lại được. Lấy mẫu mới rồi quét nhãn mới."))
        }
    }
}

/// The reasons for which a sample is unfit most often, offered first.
pub const REJECT_REASONS: [&str; 8] = [
    "Mẫu vỡ hồng cầu",
    "Mẫu đông",
    "Không đủ thể tích",
    "Sai loại ống",
    "Nhãn không đúng người bệnh",
    "Thiếu nhãn hoặc nhãn mờ",
    "Mẫu để quá lâu",
    "Mẫu rò, vỡ",
];

/// Rejects a sample for a reason of 5 to 300 characters. Refuses when results of it were released: those are corrected.
pub fn reject(status: Status, has_released: bool, typed: &str) -> Result<String, Problem> {
    let reason = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = reason.chars().count();
    match status {
        Status::Reported => Err(Problem::of("Mẫu đã trả kết quả nên không từ chối được. Sửa kết quả kèm lý do nếu sai.")),
        _ if has_released => {
            Err(Problem::of("Một phần kết quả của mẫu đã trả nên không từ chối được. Sửa kết quả kèm lý do nếu sai."))
        }
        _ if !(5..=300).contains(&length) => {
            Err(Problem::at("reason", "Ghi lý do từ chối từ 5 đến 300 ký tự, ví dụ “Mẫu vỡ hồng cầu”, để người lấy mẫu biết."))
        }
        _ => Ok(reason),
    }
}

/// The code on the tube: day and number of the day, e.g. `2611240007`. Digits only, so that Code 128 packs two of them
/// into one bar group and the label stays narrow.
pub fn code(day: NaiveDate, number: i32) -> String {
    format!("{}{number:04}", day.format("%y%m%d"))
}

/// Whether a scanned text can be the code of a tube: ten to twelve digits that begin with a day.
pub fn looks_like_code(text: &str) -> bool {
    (10..=12).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit())
        && NaiveDate::parse_from_str(&text[..6], "%y%m%d").is_ok()
}

/// One analyte that an order asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<A> {
    pub order: Uuid,
    pub tube: Tube,
    pub analyte: Uuid,
    pub facts: A,
}

/// Tubes with what is measured in each, and the orders that asked for it.
pub type Tubes<A> = Vec<(Tube, Vec<(A, Vec<Uuid>)>)>;

/// The tubes of a visit in the order of draw: each analyte once, with all orders that asked for it.
pub fn tubes<A>(wanted: Vec<Wanted<A>>) -> Tubes<A> {
    let mut tubes: Vec<(Tube, Vec<(Uuid, A, Vec<Uuid>)>)> = Vec::new();
    for Wanted { order, tube, analyte, facts } in wanted {
        let at = match tubes.iter().position(|(known, _)| *known == tube) {
            Some(at) => at,
            None => {
                tubes.push((tube, Vec::new()));
                tubes.len() - 1
            }
        };
        match tubes[at].1.iter_mut().find(|(known, ..)| *known == analyte) {
            Some((.., orders)) if orders.contains(&order) => {}
            Some((.., orders)) => orders.push(order),
            None => tubes[at].1.push((analyte, facts, vec![order])),
        }
    }
    let draw = |tube: &Tube| Tube::ALL.iter().position(|known| known == tube);
    tubes.sort_by_key(|(tube, _)| draw(tube));
    tubes.into_iter().map(|(tube, all)| (tube, all.into_iter().map(|(_, facts, orders)| (facts, orders)).collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tube_of_a_kind_serves_all_orders() {
        let (count, sugar, fat) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let (wbc, glu, tg) = (Uuid::from_u128(11), Uuid::from_u128(12), Uuid::from_u128(13));
        let wanted = |order, tube, analyte, facts| Wanted { order, tube, analyte, facts };
        let planned = tubes(vec![
            wanted(count, Tube::Edta, wbc, "WBC"),
            wanted(sugar, Tube::Serum, glu, "GLU"),
            wanted(fat, Tube::Serum, tg, "TG"),
            wanted(fat, Tube::Serum, glu, "GLU"),
        ]);
        assert_eq!(
            planned,
            [(Tube::Serum, vec![("GLU", vec![sugar, fat]), ("TG", vec![fat])]), (Tube::Edta, vec![("WBC", vec![count])])],
            "serum is drawn before EDTA, and glucose is measured once"
        );
    }

    #[test]
    fn codes_of_tubes_are_told_from_telephone_numbers() {
        let day = "2026-11-24".parse().unwrap();
        assert_eq!(code(day, 7), "2611240007");
        assert_eq!(code(day, 12_345), "26112412345");
        for (text, fits) in
            [("2611240007", true), ("26112412345", true), ("0900000001", false), ("2613240007", false), ("261124007", false), ("26112400x7", false)]
        {
            assert_eq!(looks_like_code(text), fits, "{text}");
        }
    }

    #[test]
    fn a_rejection_says_why_and_never_undoes_a_report() {
        assert_eq!(reject(Status::Collected, false, "  Mẫu   đông "), Ok("Mẫu đông".to_owned()));
        for (status, released, reason) in [
            (Status::Received, false, "đông"),
            (Status::Received, true, "Mẫu đông"),
            (Status::Reported, true, "Mẫu đông"),
        ] {
            assert!(reject(status, released, reason).is_err(), "{status:?} {released} {reason}");
        }
        assert!(receive(Status::Rejected).is_err());
        assert_eq!(receive(Status::Received), Ok(Status::Received), "the second scan");
    }
}
