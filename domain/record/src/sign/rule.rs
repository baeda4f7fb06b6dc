//! May this person sign here, now? Every reason against it is named at once. What the certificate itself is worth
//! (revoked, untrusted) is the engine's word and comes on top.

use super::role::{self, Role, Who};
use base::Problems;
use chrono::NaiveDate;
use serde_json::Value;
use std::sync::LazyLock;
use uuid::Uuid;

/// A document as the question of signing sees it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub form: String,
    /// The doctor of the document, or of its record.
    pub practitioner: Option<Uuid>,
    pub author_account: Uuid,
    /// The member of staff behind the author.
    pub author: Option<Uuid>,
    pub author_is_trainee: bool,
    pub author_is_nurse: bool,
    /// Who leads the ward it belongs to; empty where nobody was named.
    pub heads: Vec<Uuid>,
    /// The fields that name signers.
    pub data: Value,
    /// Places and the people who signed there already.
    pub signed: Vec<(String, Option<Uuid>)>,
    pub flow: Vec<String>,
    pub record_status: String,
}

/// The one who wants to sign.
#[derive(Clone, Debug, Default)]
pub struct Signer {
    pub account: Uuid,
    pub practitioner: Option<Uuid>,
    pub name: String,
    pub title: String,
    pub position: String,
    pub roles: Vec<String>,
    pub licence_no: String,
    pub licence_scope: String,
    pub licence_from: Option<NaiveDate>,
    pub licence_to: Option<NaiveDate>,
}

impl Signer {
    fn is(&self, role: &str) -> bool {
        self.roles.iter().any(|r| r == role)
    }
    /// Still learning: what they write needs a doctor's signature (Law 15/2023, art. 23).
    pub fn is_trainee(&self) -> bool {
        is_trainee(&self.position, &self.licence_scope)
    }
}

/// Whether position or scope say that somebody practises under supervision.
pub fn is_trainee(position: &str, scope: &str) -> bool {
    [position, scope].iter().any(|text| {
        let text = base::fold(text);
        text.contains("thuc hanh") || text.contains("hoc vien")
    })
}

/// Whether this person stands in this place of this document. Says nothing about whose turn it is.
pub fn stands_at(role: &Role, place: &str, facts: &Facts, signer: &Signer) -> bool {
    let named = role::named(role, &facts.data);
    let is_me = |person: &role::Named| match person.practitioner {
        Some(id) => Some(id) == signer.practitioner,
        None => role::is_same_name(&person.name, &signer.name),
    };
    let me = |id: Option<Uuid>| id.is_some() && id == signer.practitioner;
    match role.who {
        Who::Members => {
            let number = place.rsplit_once('_').and_then(|(_, n)| n.parse::<usize>().ok());
            number.and_then(|n| named.get(n.checked_sub(1)?)).is_some_and(is_me)
        }
        Who::Named => named.first().is_some_and(is_me),
        Who::Director => signer.is("director"),
        Who::Seal => signer.is("director") || signer.is("admin"),
        Who::Patient | Who::Nobody => false,
        _ if !named.is_empty() => named.first().is_some_and(is_me),
        Who::Practitioner => match facts.practitioner {
            Some(doctor) => me(Some(doctor)),
            None => me(facts.author) && signer.is("doctor"),
        },
        Who::Doctor => signer.is("doctor"),
        // A sheet begun by a nurse is that nurse's; one that a doctor or the system began may be any nurse's.
        Who::Nurse => signer.is("nurse") && (me(facts.author) || !facts.author_is_nurse),
        Who::AnyNurse => signer.is("nurse"),
        Who::Author => facts.author_account == signer.account,
        Who::Head => signer.is("department_head") && (facts.heads.is_empty() || facts.heads.iter().any(|h| me(Some(*h)))),
        Who::Staff => signer.practitioner.is_some(),
    }
}

/// Places that must not be one person's.
const APART: [(&str, &str); 2] = [("thu_ky", "chu_toa"), ("dieu_duong_giao", "dieu_duong_nhan")];

struct Scope {
    forms: Vec<&'static str>,
    words: Vec<&'static str>,
    from: NaiveDate,
    to: Option<NaiveDate>,
}

static SCOPES: LazyLock<Vec<Scope>> = LazyLock::new(|| {
    include_str!("scope.tsv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            Some(Scope {
                forms: cells.first()?.split(',').collect(),
                words: cells.get(1)?.split('|').collect(),
                from: cells.get(2)?.parse().ok()?,
                to: cells.get(3).and_then(|to| to.parse().ok()),
            })
        })
        .collect()
});

/// Every reason why `signer` may not sign at `place` on `today`; empty when they may.
pub fn refuse(place: &str, facts: &Facts, signer: &Signer, today: NaiveDate) -> Problems {
    let mut problems = Problems::none();
    if matches!(facts.record_status.as_str(), "archived" | "destroyed") {
        problems.add("", "Hồ sơ đã lưu trữ nên không ký thêm được. Muốn ký, đề nghị mở lại hồ sơ.");
        return problems;
    }
    let signed: Vec<String> = facts.signed.iter().map(|(place, _)| place.clone()).collect();
    match super::flow::next(&facts.flow, &signed) {
        Some(next) if next == place => {}
        Some(next) => problems.add("", format!("Chưa đến lượt: {} ký trước.", role::label(next))),
        None => problems.add("", "Giấy này đã đủ chữ ký."),
    }
    let Some(role) = role::find(place) else {
        problems.add("", format!("Vị trí ký «{place}» chưa có trong danh mục. Báo người quản trị sửa thứ tự ký của mẫu."));
        return problems;
    };
    if role.who == Who::Patient {
        problems.add("", "Chỗ này người bệnh hoặc người nhà xác nhận. Mở giấy và chọn «Người bệnh xác nhận».");
        return problems;
    }
    if !stands_at(role, place, facts, signer) {
        problems.add("", format!("{} ký chỗ này, không ai ký thay.", whose(role, place, facts)));
    }
    if signer.is("doctor") || signer.is("nurse") {
        licence(role, facts, signer, today, &mut problems);
    }
    for (one, other) in APART {
        let opposite = if place == one { other } else if place == other { one } else { continue };
        let is_mine = facts.signed.iter().any(|(place, who)| place == opposite && who.is_some() && *who == signer.practitioner);
        problems.add_if(is_mine, "", format!("{} và {} phải là hai người.", role::label(one), role::label(other)));
    }
    problems
}

fn whose(role: &Role, place: &str, facts: &Facts) -> String {
    let named = role::named(role, &facts.data);
    let number = place.rsplit_once('_').and_then(|(_, n)| n.parse::<usize>().ok()).unwrap_or(1);
    let at = if role.who == Who::Members { number.saturating_sub(1) } else { 0 };
    match named.get(at) {
        Some(person) if !person.name.is_empty() => person.name.clone(),
        _ => role::label(place),
    }
}

/// The licence: there, in force, wide enough; and a trainee never stands in a doctor's place.
fn licence(role: &Role, facts: &Facts, signer: &Signer, today: NaiveDate, problems: &mut Problems) {
    if matches!(role.who, Who::Seal | Who::Director) {
        return;
    }
    problems.add_if(signer.licence_no.is_empty(), "", "Chưa ghi số giấy phép hành nghề. Người quản trị bổ sung ở danh sách nhân viên.");
    if let Some(from) = signer.licence_from.filter(|from| today < *from) {
        problems.add("", format!("Giấy phép hành nghề có hiệu lực từ {}.", base::show_date(from)));
    }
    if let Some(to) = signer.licence_to.filter(|to| today > *to) {
        problems.add("", format!("Giấy phép hành nghề hết hạn ngày {}. Gia hạn rồi ký.", base::show_date(to)));
    }
    let is_doctors = matches!(role.who, Who::Practitioner | Who::Doctor | Who::Head);
    problems.add_if(is_doctors && signer.is_trainee(), "", "Người đang thực hành không ký thay bác sĩ. Bác sĩ hướng dẫn ký.");
    problems.add_if(
        is_doctors && facts.author_is_trainee && facts.author.is_some() && facts.author == signer.practitioner,
        "",
        "Giấy do người thực hành lập phải do bác sĩ khác ký.",
    );
    let scope = base::fold(&signer.licence_scope);
    let wanted = SCOPES.iter().find(|s| s.forms.contains(&facts.form.as_str()) && s.from <= today && s.to.is_none_or(|to| today <= to));
    if let Some(wanted) = wanted.filter(|_| is_doctors && role.who != Who::Head && !scope.is_empty()) {
        let is_wide = wanted.words.iter().any(|word| scope.contains(word));
        problems.add_if(!is_wide, "", format!("Phạm vi hành nghề «{}» không gồm giấy này.", signer.licence_scope));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }
    fn words(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|k| (*k).to_owned()).collect()
    }
    fn van() -> Signer {
        Signer {
            account: Uuid::from_u128(1),
            practitioner: Some(Uuid::from_u128(11)),
            name: "Lê Thị Thu Vân".into(),
            roles: words(&["doctor"]),
            licence_no: "000063/VL-GPHN".into(),
            licence_from: Some(day("2026-01-01")),
            ..Signer::default()
        }
    }
    fn nhung() -> Signer {
        Signer {
            account: Uuid::from_u128(2),
            practitioner: Some(Uuid::from_u128(12)),
            name: "Võ Thị Hồng Nhung".into(),
            roles: words(&["doctor", "department_head"]),
            licence_no: "000017/VL-GPHN".into(),
            ..Signer::default()
        }
    }
    fn sheet() -> Facts {
        Facts {
            form: "01/BV1".into(),
            practitioner: van().practitioner,
            author_account: van().account,
            author: van().practitioner,
            flow: words(&["bac_si_dieu_tri", "truong_khoa", "con_dau"]),
            record_status: "open".into(),
            data: json!({}),
            ..Facts::default()
        }
    }
    fn why(place: &str, facts: &Facts, signer: &Signer) -> String {
        refuse(place, facts, signer, day("2026-11-25")).0.iter().map(|p| p.text.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn one_after_the_other_and_nobody_for_another() {
        assert_eq!(why("bac_si_dieu_tri", &sheet(), &van()), "");
        assert!(why("truong_khoa", &sheet(), &nhung()).contains("Bác sĩ điều trị ký trước"));
        let once = Facts { signed: vec![("bac_si_dieu_tri".into(), van().practitioner)], ..sheet() };
        assert_eq!(why("truong_khoa", &once, &nhung()), "");
        assert!(why("truong_khoa", &once, &van()).contains("không ai ký thay"), "she leads no department");
        assert!(why("bac_si_dieu_tri", &sheet(), &nhung()).contains("không ai ký thay"), "not even the head");
        let elsewhere = Facts { heads: vec![Uuid::from_u128(99)], ..once };
        assert!(why("truong_khoa", &elsewhere, &nhung()).contains("không ai ký thay"), "the head of another ward");
    }

    #[test]
    fn the_licence_speaks() {
        for (signer, word) in [
            (Signer { licence_no: String::new(), ..van() }, "Chưa ghi số giấy phép"),
            (Signer { licence_to: Some(day("2026-11-24")), ..van() }, "hết hạn ngày 24/11/2026"),
            (Signer { licence_to: Some(day("2026-11-25")), ..van() }, ""),
            (Signer { licence_from: Some(day("2026-12-01")), ..van() }, "có hiệu lực từ 01/12/2026"),
            (Signer { position: "Học viên thực hành".into(), ..van() }, "Người đang thực hành"),
        ] {
            let why = why("bac_si_dieu_tri", &sheet(), &signer);
            assert!(if word.is_empty() { why.is_empty() } else { why.contains(word) }, "{word}: {why}");
        }
        let operation = Facts { form: "06/BV2".into(), flow: words(&["bac_si_dieu_tri"]), ..sheet() };
        assert!(why("bac_si_dieu_tri", &operation, &Signer { licence_scope: "Khám bệnh nội khoa".into(), ..van() }).contains("Phạm vi hành nghề"));
        assert_eq!(why("bac_si_dieu_tri", &operation, &Signer { licence_scope: "Ngoại khoa".into(), ..van() }), "");
    }

    #[test]
    fn minutes_are_signed_by_the_people_they_name() {
        let minutes = Facts {
            flow: words(&["thu_ky", "thanh_vien_1", "thanh_vien_2", "chu_toa"]),
            data: json!({ "thu_ky": "BS. Lê Thị Thu Vân", "chu_toa": { "id": nhung().practitioner },
                          "thanh_phan": [{ "ho_ten": "Trương Minh Khoa" }, { "ho_ten": "BSCKII. Võ Thị Hồng Nhung" }] }),
            ..sheet()
        };
        assert_eq!(why("thu_ky", &minutes, &van()), "");
        assert!(why("thu_ky", &minutes, &nhung()).contains("BS. Lê Thị Thu Vân ký chỗ này"));
        let then = Facts { signed: vec![("thu_ky".into(), van().practitioner), ("thanh_vien_1".into(), None)], ..minutes };
        assert_eq!(why("thanh_vien_2", &then, &nhung()), "");
        assert!(why("thanh_vien_2", &then, &van()).contains("Hồng Nhung"));
        let alone = Facts {
            flow: words(&["thu_ky", "chu_toa"]),
            data: json!({ "thu_ky": "Lê Thị Thu Vân", "chu_toa": "Lê Thị Thu Vân" }),
            signed: vec![("thu_ky".into(), van().practitioner)],
            ..sheet()
        };
        assert!(why("chu_toa", &alone, &van()).contains("hai người"));
    }

    #[test]
    fn locked_complete_and_the_patients_own() {
        assert!(why("bac_si_dieu_tri", &Facts { record_status: "archived".into(), ..sheet() }, &van()).contains("đã lưu trữ"));
        let complete = Facts { flow: words(&["bac_si_dieu_tri"]), signed: vec![("bac_si_dieu_tri".into(), None)], ..sheet() };
        assert!(why("bac_si_dieu_tri", &complete, &van()).contains("đủ chữ ký"));
        let consent = Facts { flow: words(&["nguoi_benh"]), ..sheet() };
        assert!(why("nguoi_benh", &consent, &van()).contains("xác nhận"));
        let by_trainee = Facts { author_is_trainee: true, ..sheet() };
        assert!(why("bac_si_dieu_tri", &by_trainee, &van()).contains("bác sĩ khác"));
    }
}
