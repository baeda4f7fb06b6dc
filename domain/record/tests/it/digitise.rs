//! Old paper comes into the house: sheets are printed, a pile is scanned, parted, checked by a second person and filed.

use base::PatientId;
use image::{GrayImage, ImageFormat, Luma};
use lopdf::{Document, Object, Stream, dictionary};
use qrcode::{Color, QrCode};
use record::RecordDesk;
use record::digitise::{folder, read, reader};
use std::io::Cursor;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use testkit::{Client, Page, World, demo_id, facility};
use uuid::Uuid;

async fn hospital() -> World {
    let modules = vec![patient::module(), encounter::module(), record::module()];
    World::wired(modules, |wiring| wiring.records = Arc::new(RecordDesk::new(wiring.files.clone()))).await
}

async fn person(world: &World, code: &str, name: &str) -> PatientId {
    let id = PatientId::new();
    let mut tx = world.tx(code).await;
    sqlx::query(
        "INSERT INTO patient_patient (facility_id, patient_id, person_id, record_seq, record_no, name, name_folded, birth_date, sex, created_at, created_by)
         VALUES ($1, $2, $2, patient_next_record($1), 'BV-' || substr($2::text, 25), $3, $4, '1961-08-02', 'female', $5, $2)",
    )
    .bind(tx.facility().0)
    .bind(id.0)
    .bind(name)
    .bind(base::fold(name))
    .bind(world.clock.now())
    .execute(tx.conn())
    .await
    .expect("a person");
    tx.commit().await.expect("kept");
    id
}

/// The record of a stay in 2019, opened from what its cover says.
async fn old_record(world: &World, archivist: &mut Client, patient: PatientId) -> Uuid {
    let (id, room) = (Uuid::now_v7().to_string(), demo_id("84001", "room", "KNOI").to_string());
    let patient_text = patient.to_string();
    let fields = [
        ("id", id.as_str()), ("patient", patient_text.as_str()), ("class", "IMP"), ("room", room.as_str()), ("from", "2019-03-12"), ("to", "2019-03-20"), ("number", "1442"),
    ];
    for _ in 0..2 {
        let page = archivist.post("/app/digitise/records", &fields).await;
        assert_eq!(page.status, 303, "{}", page.text);
    }
    let mut tx = world.tx("84001").await;
    let found: Vec<(Uuid, String)> = sqlx::query_as("SELECT record_id, kind FROM record_record WHERE facility_id = $1 AND patient_id = $2")
        .bind(tx.facility().0)
        .bind(patient.0)
        .fetch_all(tx.conn())
        .await
        .unwrap();
    assert_eq!(found.len(), 1, "a second click opens the same record");
    assert_eq!(found[0].1, "digitised");
    found[0].0
}

/// Prints a sheet and gives its code.
async fn sheet(archivist: &mut Client, record: Uuid, kind: &str) -> String {
    let (id, record) = (Uuid::now_v7().to_string(), record.to_string());
    let made = archivist.post("/app/digitise/covers", &[("id", &id), ("record", &record), ("kind", kind), ("day", "2019-03-14")]).await;
    assert_eq!(made.status, 303, "{}", made.text);
    let paper = archivist.get(made.location()).await;
    assert!(paper.contains("scan-cover"), "{}", paper.text);
    let at = paper.text.find("YBS-").expect("a code on the sheet");
    paper.text[at..at + 16].to_owned()
}

/// A page of dark lines, a little tilted.
fn written(seed: u32) -> GrayImage {
    let slope = 0.02 * (seed % 3) as f32;
    GrayImage::from_fn(640, 900, |x, y| {
        let level = y as f32 - x as f32 * slope;
        let in_line = level > 60.0 && level < 800.0 && (level as u32 % 26) < 8;
        let in_word = x > 50 && x < 590 && ((x + seed * 7) / 11) % 5 != 0;
        Luma([if in_line && in_word { 25 } else { 240 }])
    })
}

/// A sheet as the scanner sees it.
fn sheet_page(code: &str) -> GrayImage {
    let qr = QrCode::new(code).expect("a code");
    let (width, colors) = (qr.width(), qr.to_colors());
    let (module, left, top) = (8, 180, 200);
    GrayImage::from_fn(640, 900, |x, y| {
        let at = |v: u32, from: u32| v.checked_sub(from).map(|v| (v / module) as usize).filter(|v| *v < width);
        match (at(x, left), at(y, top)) {
            (Some(column), Some(row)) if colors[row * width + column] == Color::Dark => Luma([10]),
            _ => Luma([250]),
        }
    })
}

fn jpeg(page: &GrayImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    page.write_to(&mut out, ImageFormat::Jpeg).unwrap();
    out.into_inner()
}

/// A PDF as scanners write it: one JPEG on each page.
fn scanned(pages: &[GrayImage]) -> Vec<u8> {
    let mut pdf = Document::with_version("1.5");
    let tree = pdf.new_object_id();
    let mut kids: Vec<Object> = Vec::new();
    for page in pages {
        let picture = pdf.add_object(Stream::new(
            dictionary! { "Type" => "XObject", "Subtype" => "Image", "Width" => i64::from(page.width()), "Height" => i64::from(page.height()),
                          "ColorSpace" => "DeviceGray", "BitsPerComponent" => 8, "Filter" => "DCTDecode" },
            jpeg(page),
        ));
        let content = pdf.add_object(Stream::new(dictionary! {}, b"q 595 0 0 842 0 0 cm /Im0 Do Q".to_vec()));
        let kid = pdf.add_object(dictionary! {
            "Type" => "Page", "Parent" => tree, "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
            "Resources" => dictionary! { "XObject" => dictionary! { "Im0" => picture } }, "Contents" => content,
        });
        kids.push(kid.into());
    }
    finish(pdf, tree, kids)
}

/// A PDF with words on it that has to be drawn.
fn typed(lines: &[&str]) -> Vec<u8> {
    let mut pdf = Document::with_version("1.5");
    let tree = pdf.new_object_id();
    let font = pdf.add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" });
    let mut content = String::from("BT /F1 24 Tf 60 760 Td 34 TL\n");
    for line in lines {
        content += &format!("({line}) Tj T*\n");
    }
    content += "ET";
    let content = pdf.add_object(Stream::new(dictionary! {}, content.into_bytes()));
    let kid = pdf.add_object(dictionary! {
        "Type" => "Page", "Parent" => tree, "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
        "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } }, "Contents" => content,
    });
    finish(pdf, tree, vec![kid.into()])
}

fn finish(mut pdf: Document, tree: (u32, u16), kids: Vec<Object>) -> Vec<u8> {
    let count = kids.len() as i64;
    pdf.objects.insert(tree, Object::Dictionary(dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count }));
    let root = pdf.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    pdf.trailer.set("Root", root);
    let mut out = Vec::new();
    pdf.save_to(&mut out).unwrap();
    out
}

/// Gives a file and waits until it is read.
async fn scan(world: &World, archivist: &mut Client, fields: &[(&str, &str)], name: &str, bytes: &[u8]) -> Page {
    let sent = archivist.upload("/app/digitise/batches", fields, ("file", name, bytes)).await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    let batch = sent.location().to_owned();
    loop {
        read::read_waiting(&world.app, facility("84001")).await.expect("read");
        let page = archivist.get(&batch).await;
        if page.status == 303 {
            return archivist.get(&page.location().to_owned()).await;
        }
        if !page.contains("Đang đọc trang") {
            return page;
        }
    }
}

/// The papers of a batch in their order: id, record, status.
async fn papers(world: &World, batch: &str) -> Vec<(Uuid, Option<Uuid>, String, String)> {
    let batch: Uuid = batch.rsplit('/').next().unwrap().parse().unwrap();
    let mut tx = world.tx("84001").await;
    sqlx::query_as("SELECT paper_id, record_id, kind, status FROM record_scan_paper WHERE facility_id = $1 AND batch_id = $2 ORDER BY place")
        .bind(tx.facility().0)
        .bind(batch)
        .fetch_all(tx.conn())
        .await
        .unwrap()
}

async fn only_batch(world: &World) -> String {
    let mut tx = world.tx("84001").await;
    let id: Uuid = sqlx::query_scalar("SELECT batch_id FROM record_scan_batch WHERE facility_id = $1 AND replaces IS NULL ORDER BY scanned_at LIMIT 1")
        .bind(tx.facility().0)
        .fetch_one(tx.conn())
        .await
        .unwrap();
    format!("/app/digitise/batches/{id}")
}

#[tokio::test]
async fn twenty_pages_with_three_sheets_become_three_documents_in_the_right_records() {
    let world = hospital().await;
    let mut archivist = world.sign_in_as("luutru.84001").await;
    let mut planner = world.sign_in_as("khth.84001").await;
    let hoa = person(&world, "84001", "Lê Thị Hoa").await;
    let an = person(&world, "84001", "Trần Văn An").await;
    let record_hoa = old_record(&world, &mut archivist, hoa).await;
    let record_an = old_record(&world, &mut archivist, an).await;
    let codes = [
        sheet(&mut archivist, record_hoa, "benh_an_noi").await,
        sheet(&mut archivist, record_hoa, "giay_ra_vien").await,
        sheet(&mut archivist, record_an, "benh_an_ngoai").await,
    ];
    // Twenty pages: three sheets, sixteen written pages and one empty back side.
    let mut pile = Vec::new();
    for (nth, (code, pages)) in codes.iter().zip([9u32, 2, 5]).enumerate() {
        pile.push(sheet_page(code));
        pile.extend((0..pages).map(|page| written(nth as u32 * 10 + page)));
    }
    pile.push(GrayImage::from_pixel(640, 900, Luma([246])));
    assert_eq!(pile.len(), 20);
    let pdf = scanned(&pile);
    let minted = Uuid::now_v7().to_string();
    let page = scan(&world, &mut archivist, &[("id", &minted)], "tap-1.pdf", &pdf).await;
    assert!(page.contains("Bệnh án nội khoa") && page.contains("Giấy ra viện") && page.contains("theo tờ ngăn"), "{}", page.text);
    assert!(page.contains("20 trang: 3 tờ ngăn, 1 trang trắng"), "{}", page.text);
    assert!(page.contains("Bạn đã quét tệp này"), "the one who scanned is not offered the check");

    // The same file again leads to where it already is.
    let again = archivist.upload("/app/digitise/batches", &[("id", &Uuid::now_v7().to_string())], ("file", "tap-1.pdf", &pdf)).await;
    let batch = only_batch(&world).await;
    assert_eq!(again.location(), batch);

    let found = papers(&world, &batch).await;
    assert_eq!(found.iter().map(|paper| paper.1).collect::<Vec<_>>(), [Some(record_hoa), Some(record_hoa), Some(record_an)]);
    assert_eq!(found.iter().map(|paper| paper.2.as_str()).collect::<Vec<_>>(), ["benh_an_noi", "giay_ra_vien", "benh_an_ngoai"]);

    // The one who scanned may not check, whatever is sent.
    let own = archivist.post(&format!("/app/digitise/papers/{}/filed", found[0].0), &[]).await;
    assert_eq!(own.status, 422);
    assert!(own.contains("Người quét không tự kiểm tra"));

    // The second paper is bad: it goes back with a reason, is scanned again and only then good.
    let short = planner.post(&format!("/app/digitise/papers/{}/returned", found[1].0), &[("reason", "mờ")]).await;
    assert_eq!(short.status, 422);
    let back = planner.post(&format!("/app/digitise/papers/{}/returned", found[1].0), &[("reason", "Trang 2 bị che góc phải")]).await;
    assert_eq!(back.status, 303);
    assert!(archivist.get(&batch).await.contains("Trang 2 bị che góc phải"));
    assert_eq!(planner.post(&format!("/app/digitise/papers/{}/filed", found[1].0), &[]).await.status, 422, "a paper that was sent back is not filed");
    let paper = found[1].0.to_string();
    let fresh = scanned(&[written(71), written(72)]);
    let page = scan(&world, &mut archivist, &[("id", &Uuid::now_v7().to_string()), ("paper", &paper)], "quet-lai.pdf", &fresh).await;
    assert!(page.contains("Quét lại"), "{}", page.text);

    for (paper, _, _, _) in &found {
        for _ in 0..2 {
            let filed = planner.post(&format!("/app/digitise/papers/{paper}/filed"), &[]).await;
            assert_eq!(filed.status, 303, "{}", filed.text);
        }
    }
    assert_eq!(papers(&world, &batch).await.iter().filter(|paper| paper.3 == "filed").count(), 3);
    let mut tx = world.tx("84001").await;
    let documents: Vec<(Uuid, String, String, String, i32)> =
        sqlx::query_as("SELECT record_id, title, kind, status, version FROM record_document WHERE facility_id = $1 AND kind = 'scan' ORDER BY record_id, title")
            .bind(tx.facility().0)
            .fetch_all(tx.conn())
            .await
            .unwrap();
    assert_eq!(documents.len(), 3);
    assert_eq!(documents.iter().filter(|document| document.0 == record_hoa).count(), 2);
    assert!(documents.iter().all(|(_, title, _, status, version)| title.ends_with("(bản số hóa)") && status == "done" && *version == 1), "{documents:?}");

    // The chain of custody names every hand.
    let page = planner.get(&batch).await;
    for hand in ["Tăng Văn Lộc", "Phan Thị Ngọc Lan", "Trả lại", "Quét lại", "Vào hồ sơ"] {
        assert!(page.contains(hand), "{hand}");
    }
    drop(tx);
    let mut owner = world.database.owner().await;
    let steps = sqlx::query("UPDATE record_scan_step SET detail = ''").execute(&mut owner).await;
    assert!(steps.is_err(), "the chain cannot be rewritten");
}

#[tokio::test]
async fn what_is_no_scan_is_refused_with_words() {
    let world = hospital().await;
    let mut archivist = world.sign_in_as("luutru.84001").await;
    for (bytes, says) in [
        (b"MZ not a page".to_vec(), "Chỉ nhận PDF, JPEG hoặc PNG"),
        (b"%PDF-1.4 cut in the middle".to_vec(), "bị hỏng"),
        (Vec::new(), "Tệp rỗng"),
    ] {
        let page = archivist.upload("/app/digitise/batches", &[("id", &Uuid::now_v7().to_string())], ("file", "a.pdf", &bytes)).await;
        assert_eq!(page.status, 422, "{}", page.text);
        assert!(page.contains(says), "{says}");
    }
    // Nobody else may scan, and another house sees nothing.
    let mut doctor = world.sign_in_as("bacsi.84001").await;
    assert_eq!(doctor.get("/app/digitise").await.status, 403);
    let minted = Uuid::now_v7().to_string();
    let page = scan(&world, &mut archivist, &[("id", &minted)], "mot-trang.jpg", &jpeg(&written(1))).await;
    assert!(page.contains("Chưa biết thuộc hồ sơ nào"), "{}", page.text);
    let batch = only_batch(&world).await;
    let paper = papers(&world, &batch).await[0].0;
    let mut planner = world.sign_in_as("khth.84001").await;
    let unknown = planner.post(&format!("/app/digitise/papers/{paper}/filed"), &[]).await;
    assert_eq!(unknown.status, 422);
    assert!(unknown.contains("Chưa biết giấy này thuộc hồ sơ nào"));
    // A sheet's code says where it goes.
    let patient = person(&world, "84001", "Võ Thị Bảy").await;
    let record = old_record(&world, &mut archivist, patient).await;
    let code = sheet(&mut archivist, record, "don_thuoc").await;
    let wrong = archivist.post(&format!("/app/digitise/papers/{paper}/assigned"), &[("cover", "YBS-000000000000")]).await;
    assert_eq!(wrong.status, 422);
    let done = archivist.post(&format!("/app/digitise/papers/{paper}/assigned"), &[("cover", &code.to_lowercase())]).await;
    assert_eq!(done.status, 303);
    assert_eq!(planner.post(&format!("/app/digitise/papers/{paper}/filed"), &[]).await.status, 303);
}

#[tokio::test]
async fn a_watched_folder_takes_in_what_has_rested() {
    let world = hospital().await;
    let root = std::env::temp_dir().join(format!("yba-watched-{}", Uuid::now_v7()));
    let ours = root.join(facility("84001").0.to_string());
    std::fs::create_dir_all(&ours).unwrap();
    std::fs::write(ours.join("quet.jpg"), jpeg(&written(3))).unwrap();
    std::fs::write(ours.join("hong.pdf"), b"%PDF-1.4 broken").unwrap();
    let now = SystemTime::now();
    assert_eq!(folder::look(&world.app, &root, now).await.unwrap(), 0, "a file that was just written is left alone");
    assert_eq!(folder::look(&world.app, &root, now + Duration::from_secs(60)).await.unwrap(), 2);
    assert!(ours.join("da-nhan/quet.jpg").exists());
    assert!(std::fs::read_to_string(ours.join("bi-loi/hong.pdf.txt")).unwrap().contains("hỏng"));
    let mut archivist = world.sign_in_as("luutru.84001").await;
    let list = archivist.get("/app/digitise").await;
    assert!(list.contains("quet.jpg") && list.contains("thư mục máy quét"), "{}", list.text);
    std::fs::remove_dir_all(root).unwrap();
}

#[tokio::test]
async fn what_stands_on_an_old_paper_is_found() {
    if !reader::is_there() {
        eprintln!("tesseract with vie is not installed: reading is not judged");
        return;
    }
    let world = hospital().await;
    let mut archivist = world.sign_in_as("luutru.84001").await;
    let mut planner = world.sign_in_as("khth.84001").await;
    let patient = person(&world, "84001", "Ngô Thị Sáu").await;
    let record = old_record(&world, &mut archivist, patient).await;
    let code = sheet(&mut archivist, record, "xet_nghiem").await;
    let pdf = typed(&["PHIEU XET NGHIEM", "Hemoglobin 131", "Creatinin 88"]);
    let page = scan(&world, &mut archivist, &[("id", &Uuid::now_v7().to_string())], "xn.pdf", &pdf).await;
    if page.contains("poppler-utils") {
        eprintln!("pdftoppm is not installed: reading is not judged");
        return;
    }
    assert!(page.contains("Phiếu xét nghiệm") && page.contains("theo chữ trên giấy"), "{}", page.text);
    let batch = only_batch(&world).await;
    let paper = papers(&world, &batch).await[0].0;
    assert_eq!(archivist.post(&format!("/app/digitise/papers/{paper}/assigned"), &[("cover", &code)]).await.status, 303);
    assert_eq!(planner.post(&format!("/app/digitise/papers/{paper}/filed"), &[]).await.status, 303);
    let found = planner.get("/app/find-records?q=hemoglobin").await;
    assert!(found.contains("Ngô Thị Sáu"), "{}", found.text);
}
