//! The order in which a ward looks for papers in a record.

/// A drawer of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Front,
    Admission,
    Treatment,
    Consultation,
    Surgery,
    Results,
    Medicines,
    Leaving,
    Others,
}

/// Which forms lie in which drawer: the papers of Circular 32/2023 by number, the others by key.
const DRAWERS: [(Group, &str); 7] = [
    (Group::Admission, "29/BV2 39/BV2 40/BV2 41/BV2 03/BV2 52/BV2 khai_thac_tien_su_di_ung sang_loc_dinh_duong"),
    (
        Group::Treatment,
        "36/BV2 37/BV2 38/BV2 07/BV2 42/BV2 43/BV2 44/BV2 50/BV2 51/BV2 so_ket_15_ngay theo_doi_chuc_nang_song phieu_truyen_mau cam_ket_truyen_mau phieu_cong_khai",
    ),
    (Group::Consultation, "04/BV2 27/BV2 bien_ban_hoi_chan"),
    (
        Group::Surgery,
        "01/BV2 02/BV2 05/BV2 06/BV2 30/BV2 31/BV2 32/BV2 33/BV2 34/BV2 35/BV2 48/BV2 49/BV2 bang_kiem_an_toan_phau_thuat kham_gay_me_truoc_mo",
    ),
    (
        Group::Results,
        "08/BV2 09/BV2 10/BV2 11/BV2 12/BV2 13/BV2 14/BV2 15/BV2 16/BV2 17/BV2 18/BV2 19/BV2 20/BV2 21/BV2 22/BV2 23/BV2 24/BV2 25/BV2 26/BV2",
    ),
    (Group::Medicines, "don_thuoc"),
    (
        Group::Leaving,
        "28/BV2 45/BV2 46/BV2 47/BV2 53/BV2 54/BV2 55/BV2 giay_ra_vien giay_chuyen_co_so giay_bao_tu giay_chung_sinh giay_chung_nhan_thuong_tich giay_nghi_duong_thai giay_nghi_viec_bhxh phieu_chan_doan_nguyen_nhan_tu_vong phieu_hen_kham_lai tom_tat_hsba bang_ke_01_kbcb",
    ),
];

impl Group {
    pub fn title(self) -> &'static str {
        match self {
            Group::Front => "Bệnh án",
            Group::Admission => "Vào viện, cam kết",
            Group::Treatment => "Điều trị, chăm sóc",
            Group::Consultation => "Hội chẩn, khám chuyên khoa",
            Group::Surgery => "Phẫu thuật, thủ thuật",
            Group::Results => "Kết quả cận lâm sàng",
            Group::Medicines => "Thuốc",
            Group::Leaving => "Ra viện, giấy chứng nhận",
            Group::Others => "Giấy tờ khác",
        }
    }

    /// The drawer of a document, by its form or by what made it.
    pub fn of(form: &str, origin: &str) -> Group {
        match origin {
            "report" => return Group::Results,
            "prescription" => return Group::Medicines,
            "exam-sheet" => return Group::Front,
            _ => {}
        }
        if form.ends_with("/BV1") {
            return Group::Front;
        }
        let drawer = DRAWERS.iter().find(|(_, forms)| !form.is_empty() && forms.split(' ').any(|f| f == form));
        drawer.map_or(Group::Others, |(group, _)| *group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_paper_has_its_drawer() {
        let cases = [
            ("01/BV1", "", Group::Front),
            ("", "exam-sheet", Group::Front),
            ("36/BV2", "", Group::Treatment),
            ("6/BV2", "", Group::Others),
            ("", "report", Group::Results),
            ("giay_ra_vien", "", Group::Leaving),
            ("", "", Group::Others),
        ];
        for (form, origin, group) in cases {
            assert_eq!(Group::of(form, origin), group, "{form} {origin}");
        }
    }
}
