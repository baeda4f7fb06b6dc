//! The ministry's forms through the press: every one, blank and filled, and where its places to sign came to lie.

use crate::oracle;
use base::ask::Papers;
use documents::Press;
use record::form::catalogue::national;
use record::print::{ToPrint, data, specimen, spots};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn head() -> Value {
    json!({ "parent": "Sở Y tế tỉnh Vĩnh Long", "name": "Bệnh viện Đa khoa Minh An", "address": "12 Lê Lợi", "phone": "02703 800 100" })
}

fn keep(name: &str, pdf: &[u8]) {
    if let Ok(folder) = std::env::var("YBA_PAPERS") {
        std::fs::write(format!("{folder}/{}.pdf", name.replace('/', "_")), pdf).expect("the folder is there");
    }
}

#[tokio::test]
async fn every_form_prints_blank_and_filled_with_a_place_for_every_signer() {
    let press = Press::new();
    for form in national().list() {
        let values = specimen(form);
        let filled = ToPrint { values: &values, code: "BA-26-00017".into(), link: "https://yba.example/kiem-tra/7Q2M".into(), version: 1, ..ToPrint::blank(form, head()) };
        for (kind, paper) in [("blank", ToPrint::blank(form, head())), ("filled", filled)] {
            let pdf = press.render("record-form", data(&paper)).await.unwrap_or_else(|fault| panic!("{} {kind}: {fault}", form.form));
            keep(&format!("{}-{kind}", form.form), &pdf);
            let raw = String::from_utf8_lossy(&pdf);
            assert!(raw.contains("pdfaid:part>2<") && raw.contains("pdfaid:conformance>B<"), "{} {kind} is not PDF/A-2b", form.form);
            let mut found: Vec<String> = spots(&pdf).into_iter().map(|spot| spot.role).collect();
            let mut wanted: Vec<String> = form.signatures.iter().map(|spot| spot.role.clone()).collect();
            found.sort();
            wanted.sort();
            assert_eq!(found, wanted, "{} {kind}: a place to sign for everybody, once", form.form);
            for spot in spots(&pdf) {
                let inside = spot.x >= 0.0 && spot.y >= 0.0 && spot.x + spot.width <= 843.0 && spot.y + spot.height <= 843.0;
                assert!(inside, "{} {kind}: {spot:?} lies on the page", form.form);
            }
        }
    }
}

#[tokio::test]
async fn what_was_written_is_on_the_paper_to_the_last_word() {
    let press = Press::new();
    let form = national().newest("01/BV1").expect("the form is there");
    let long = "Người bệnh khởi phát cách nhập viện bảy ngày với sốt, ho khạc đờm vàng, đau ngực phải khi hít sâu. ".repeat(60) + "KẾTTHÚC";
    let values = json!({ "ho_ten": "NGUYỄN THỊ ÁNH TUYẾT", "qua_trinh_benh_ly": long, "cd_vao_khoa_ma": "J18.9", "tk_huong_tiep": "Tái khám sau 14 ngày." });
    let paper = ToPrint { values: &values, link: "https://yba.example/kiem-tra/7Q2M".into(), ..ToPrint::blank(&form, head()) };
    let pdf = press.render("record-form", data(&paper)).await.expect("printed");
    if let Some(text) = oracle::text_of(&pdf) {
        for word in ["NGUYỄN THỊ ÁNH TUYẾT", "KẾTTHÚC", "Tái khám sau 14 ngày.", "Sở Y tế tỉnh Vĩnh Long"] {
            assert!(text.contains(word), "{word}");
        }
        assert_eq!(text.matches("khởi phát cách").count(), 60, "nothing is cut");
    }
    if let Some(codes) = oracle::scanned(&pdf) {
        assert!(codes.iter().any(|code| code == "https://yba.example/kiem-tra/7Q2M"), "{codes:?}");
    }
}

/// The first paper opens the fonts; from then on a form of four pages has to be there before anybody waits for it.
#[tokio::test]
async fn a_form_of_four_pages_is_there_at_once() {
    let press = Press::new();
    let form = national().newest("01/BV1").expect("the form is there");
    let values = specimen(&form);
    let paper = || data(&ToPrint { values: &values, ..ToPrint::blank(&form, head()) });
    press.render("record-form", paper()).await.expect("warm");
    let mut times = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        press.render("record-form", paper()).await.expect("printed");
        times.push(started.elapsed());
    }
    times.sort();
    println!("form-pdf: median {:?}", times[2]);
    // The goal is 400 ms; a busy test machine gets room, a mistake that costs seconds is still told.
    assert!(times[2] < Duration::from_secs(2), "{times:?}");
}
