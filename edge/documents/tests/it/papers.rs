//! Every paper, full, minimal and monstrous.

use crate::{oracle, samples};
use base::ask::Papers;
use documents::{Press, TEMPLATES};
use serde_json::{Value, json};

async fn print(press: &Press, template: &str, data: Value) -> Vec<u8> {
    press.render(template, data).await.unwrap_or_else(|fault| panic!("{template}: {fault}"))
}

/// Leaves the paper in the folder named by YBA_PAPERS, for somebody to look at.
fn keep(name: &str, pdf: &[u8]) {
    if let Ok(folder) = std::env::var("YBA_PAPERS") {
        std::fs::write(format!("{folder}/{name}.pdf"), pdf).expect("the folder is there");
    }
}

#[tokio::test]
async fn every_paper_prints_and_embeds_its_fonts() {
    let press = Press::new();
    for template in TEMPLATES {
        let pdf = print(&press, template, samples::full(template)).await;
        keep(template, &pdf);
        let raw = String::from_utf8_lossy(&pdf);
        assert!(raw.starts_with("%PDF-1.7"), "{template}");
        assert!(raw.contains("pdfaid:part>2<") && raw.contains("pdfaid:conformance>B<"), "{template} is not PDF/A-2b");
        for line in oracle::fonts_of(&pdf).unwrap_or_default() {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let [.., embedded, subset, unicode, _, _] = columns.as_slice() else { panic!("{line}") };
            assert_eq!((*embedded, *subset, *unicode), ("yes", "yes", "yes"), "{template}: {line}");
        }
    }
}

#[tokio::test]
async fn the_least_data_makes_a_paper() {
    let press = Press::new();
    for template in TEMPLATES {
        let pdf = print(&press, template, samples::minimal(template)).await;
        keep(&format!("{template}-minimal"), &pdf);
        print(&press, template, json!({})).await;
    }
}

#[tokio::test]
async fn values_of_the_wrong_kind_are_left_out() {
    let press = Press::new();
    for odd in [json!(null), json!(true), json!(7), json!("chữ"), json!([[], 1, null, "a"]), json!({"a": {"b": []}})] {
        for template in TEMPLATES {
            let Value::Object(fields) = samples::full(template) else { unreachable!() };
            let mut odd_everywhere: Value = fields.keys().map(|key| (key.clone(), odd.clone())).collect();
            print(&press, template, odd_everywhere.clone()).await;
            // The groups and lists in their right shape, their fields odd.
            for (key, value) in &fields {
                odd_everywhere[key] = match value {
                    Value::Object(inner) => inner.keys().map(|k| (k.clone(), odd.clone())).collect(),
                    Value::Array(items) => items
                        .iter()
                        .map(|item| item.as_object().map_or(odd.clone(), |o| o.keys().map(|k| (k.clone(), odd.clone())).collect()))
                        .collect(),
                    _ => odd.clone(),
                };
            }
            print(&press, template, odd_everywhere).await;
        }
    }
}

#[tokio::test]
async fn monstrous_data_prints_as_it_stands() {
    let press = Press::new();
    for template in TEMPLATES {
        let started = std::time::Instant::now();
        let pdf = print(&press, template, samples::monstrous(template)).await;
        eprintln!("{template}: {} kB in {:?}", pdf.len() / 1024, started.elapsed());
        keep(&format!("{template}-monstrous"), &pdf);
        if template == "ticket" {
            continue;
        }
        let Some(text) = oracle::text_of(&pdf) else { continue };
        if !matches!(template, "cash-handover" | "cash-shift" | "report" | "lab-label" | "lot-label" | "wristband") {
            // Without blanks: a narrow column may break the line anywhere.
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            let signs = bare("#let x = 1 $a^2$ [b] *c* _d_ `e` <f> @g \\h // i /* j */ = k");
            assert!(bare(&text).contains(&signs), "{template} read data as markup");
        }
    }
}

#[tokio::test]
async fn the_words_read_back_with_their_marks() {
    let press = Press::new();
    for (template, words) in [
        ("ticket", vec!["Nguyễn Văn An", "Ưu tiên: từ đủ 75 tuổi", "Trước bạn: 6 người"]),
        ("order-slip", vec!["PHIẾU CHỈ ĐỊNH XÉT NGHIỆM", "NGUYỄN VĂN AN", "Phòng lấy mẫu", "158.300 đ", "Đã thu tiền"]),
        (
            "prescription",
            vec![
                "ĐƠN THUỐC", "NGUYỄN VĂN AN", "84101k7m2p9q-C", "15/03/1985", "001085012345", "GD 4 86 00123 45678", "68 kg",
                "Viêm họng cấp tính, không xác định (J02.9)", "Amoxicilin (Ospamox) 500 mg", "14 viên", "08 viên",
                "Uống mỗi lần 1 viên, ngày 2 lần (sáng, chiều, sau ăn), trong 7 ngày", "Chủ nhật, 29/11/2026",
                "Ngày 22 tháng 11 năm 2026", "BS.CKI Lê Hoàng Phúc", "In lần 2", "không có giá trị pháp lý", "27/11/2026",
            ],
        ),
        ("exam-sheet", vec!["Penicilin: nổi mề đay (2019)", "38,2 °C", "amidan sưng độ II", "Bổ sung tiền sử dị ứng"]),
        ("invoice", vec!["Sáu mươi lăm nghìn năm trăm bốn mươi đồng", "65.540 đ", "Nội soi thực quản – dạ dày – tá tràng", "−200.000"]),
        ("follow-up", vec!["GIẤY HẸN KHÁM LẠI", "Chủ nhật, 29/11/2026", "Giấy hẹn này; Đơn thuốc; CCCD"]),
        ("drug-labels", vec!["Amoxicilin 500 mg", "Sáng 1 viên, chiều 1 viên, sau ăn, 7 ngày", "14 viên", "Lô A1", "HD 30/06/2027", "Lô P31"]),
        ("drug-instructions", vec!["HƯỚNG DẪN DÙNG THUỐC", "Sáng 1 viên, chiều 1 viên", "hạn dùng 28/02/2028", "DS. Trương Gia Bảo", "Uống nhiều nước"]),
        ("stock-receipt", vec!["PHIẾU NHẬP KHO", "PN26/000001", "Công ty cổ phần Dược Cửu Long Giang", "0001234", "Một trăm sáu mươi tám nghìn đồng"]),
        ("stock-issue", vec!["PHIẾU CHUYỂN KHO", "Quầy thuốc ngoại trú", "178.500"]),
        ("stocktake", vec!["BIÊN BẢN KIỂM KÊ", "Nguyễn Hoài Thương", "197", "−3"]),
        ("disposal", vec!["BIÊN BẢN HỦY THUỐC", "Lâm Thế Vinh", "Bổ sung quầy", "vỉ ẩm"]),
        ("controlled-book", vec!["SỔ THEO DÕI XUẤT, NHẬP THUỐC GÂY NGHIỆN", "Trần Thị Lành", "31/01/2027"]),
        ("package-contract", vec!["HỢP ĐỒNG GÓI DỊCH VỤ", "Tập vận động có trợ giúp", "1.236.500 đ", "Một triệu đồng", "21/05/2027", "giá lẻ ngày mua"]),
        ("debt-note", vec!["GIẤY GHI NỢ", "565.400 đ", "Năm trăm sáu mươi lăm nghìn bốn trăm đồng", "30/11/2026", "Quên ví"]),
        ("cash-handover", vec!["BIÊN BẢN BÀN GIAO TIỀN", "Lý Minh Châu", "4.000.000 đ", "Bốn triệu đồng", "713.000 đ", "Đã nhận"]),
        ("lab-report", vec!["KẾT QUẢ XÉT NGHIỆM", "2611220007", "6,8", "4,8", "3,4–4,5", "Nhập nhầm dòng", "KTV. Đặng Quốc Huy", "BS. Phan Thanh Liêm"]),
        ("lot-label", vec!["LO000042", "Amoxicilin 500 mg", "Lô A1", "HD 31/01/2027"]),
        ("wristband", vec!["NT7K2M9P4Q1C", "NGUYỄN VĂN AN", "Khoa Nội tổng hợp", "DỊ ỨNG: Sulfamid"]),
        ("lab-label", vec!["2611220007", "NGUYỄN VĂN AN", "EDTA (nắp tím)", "KHẨN"]),
        ("cash-shift", vec!["BIÊN BẢN KẾT CA THU NGÂN", "Bốn triệu bảy trăm mười ba nghìn đồng", "Thiếu", "−2.000 đ", "12.695.500"]),
    ] {
        let pdf = print(&press, template, samples::full(template)).await;
        let Some(text) = oracle::text_of(&pdf) else { return };
        for expected in words {
            assert!(text.contains(expected), "{template} lacks {expected:?} in:\n{text}");
        }
    }
}

#[tokio::test]
async fn the_codes_are_read_by_a_scanner() {
    let press = Press::new();
    for (template, codes) in [
        ("ticket", vec!["https://antam.example/cho/7f3k", "PS-261122-0007"]),
        ("order-slip", vec!["CD-261122-0047"]),
        ("prescription", vec!["84101k7m2p9q-C"]),
        ("invoice", vec!["PT-261122-0047"]),
    ] {
        let pdf = print(&press, template, samples::full(template)).await;
        let Some(found) = oracle::scanned(&pdf) else { return };
        for code in codes {
            assert!(found.iter().any(|read| read == code), "{template}: {code} not among {found:?}");
        }
    }
}

#[tokio::test]
async fn a_child_under_six_shows_months_weight_and_escort() {
    let press = Press::new();
    let mut data = samples::full("prescription");
    data["patient"] = json!({"name": "Trần Gia Bảo", "sex": "male", "birth_date": "2026-01-10", "age": "10 tháng",
        "weight_kg": 8.4, "escort": "Trần Văn Tư (cha)", "address": "Phường Long Châu, tỉnh Vĩnh Long"});
    let pdf = print(&press, "prescription", data).await;
    keep("prescription-child", &pdf);
    let Some(text) = oracle::text_of(&pdf) else { return };
    for expected in ["10 tháng", "Cân nặng: 8,4 kg", "Người đưa trẻ đến khám: Trần Văn Tư (cha)"] {
        assert!(text.contains(expected), "{expected:?} in {text}");
    }
}

#[tokio::test]
async fn drafts_and_cancelled_papers_say_so() {
    let press = Press::new();
    for (flag, words) in [("draft", "BẢN NHÁP"), ("cancelled", "ĐÃ HỦY")] {
        let mut data = samples::full("prescription");
        data[flag] = true.into();
        let pdf = print(&press, "prescription", data).await;
        keep(&format!("prescription-{flag}"), &pdf);
        let Some(text) = oracle::text_of(&pdf) else { return };
        assert!(text.contains(words), "{words} in {text}");
    }
}

#[tokio::test]
async fn the_same_data_gives_the_same_bytes() {
    let press = Press::new();
    let first = print(&press, "prescription", samples::full("prescription")).await;
    print(&press, "invoice", samples::full("invoice")).await;
    assert!(first == print(&press, "prescription", samples::full("prescription")).await);
}

#[tokio::test]
async fn a_broken_logo_does_not_stop_the_press() {
    let press = Press::new();
    let broken_png = "iVBORw0KGgoAAAA=";
    for (key, logo) in [("logo_svg", "<svg"), ("logo_svg", "not a drawing"), ("logo_png", broken_png), ("logo_png", "%%%")] {
        let mut data = samples::full("ticket");
        data["head"] = json!({"name": "Phòng khám An Tâm", key: logo});
        print(&press, "prescription", data).await;
    }
}

#[tokio::test]
async fn an_unknown_paper_is_refused() {
    let press = Press::new();
    for name in ["", "paper", "../prescription", "prescription.typ"] {
        assert!(press.render(name, json!({})).await.is_err(), "{name:?}");
    }
}

#[tokio::test]
async fn every_picture_of_a_report_is_on_paper_whole_and_told_apart() {
    let press = Press::new();
    for count in 1..=8 {
        let pdf = print(&press, "imaging-report", samples::imaging_report(count)).await;
        keep(&format!("imaging-report-{count}"), &pdf);
        if let Some(found) = oracle::pictures_of(&pdf) {
            assert_eq!(found, vec![(960, 720); count]);
        }
        if let Some(text) = oracle::text_of(&pdf) {
            for at in 1..=count {
                assert!(text.contains(&format!("Hình {at}. Mặt cắt {at}")), "{count} pictures: {text}");
            }
            assert!(text.contains("Sỏi túi mật 8 mm, chưa thấy dấu hiệu viêm."), "{text}");
        }
    }
}

#[tokio::test]
async fn a_long_report_flows_on_and_nothing_is_cut() {
    let press = Press::new();
    let mut data = samples::imaging_report(8);
    let long: Vec<Value> = (1..=30)
        .map(|at| json!({"title": format!("Phần {at}"), "text": format!("Dòng {at} {} hết-{at}.", "mô tả dài nhiều chữ ".repeat(20))}))
        .collect();
    data["sections"] = long.into();
    data["conclusion"] = format!("{} hết-kết-luận", "Kết luận dài. ".repeat(60)).into();
    let pdf = print(&press, "imaging-report", data).await;
    keep("imaging-report-long", &pdf);
    if let Some(text) = oracle::text_of(&pdf) {
        for at in 1..=30 {
            assert!(text.contains(&format!("hết-{at}.")), "section {at} is cut");
        }
        assert!(text.contains("hết-kết-luận") && text.contains("BS. Trịnh Ngọc Bích"));
        assert!(text.contains("(tiếp theo)"), "it runs over pages");
    }
    if let Some(found) = oracle::pictures_of(&pdf) {
        assert_eq!(found.len(), 8);
    }
}

#[tokio::test]
async fn what_is_no_picture_is_left_out_and_the_report_still_prints() {
    let press = Press::new();
    let mut data = samples::imaging_report(2);
    data["pictures"][0]["jpeg"] = "bm90IGEgcGljdHVyZQ==".into();
    data["pictures"][1]["image"] = "/etc/passwd".into();
    let pdf = print(&press, "imaging-report", data).await;
    if let Some(found) = oracle::pictures_of(&pdf) {
        assert_eq!(found.len(), 1);
    }
}
