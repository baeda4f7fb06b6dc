//! Data for every paper: a full one as on a busy morning, the least that has sense, and a monstrous one.
//! All people are invented.

use serde_json::{Value, json};

/// The data of a full visit for each template.
pub fn full(template: &str) -> Value {
    let mut data = match template {
        "ticket" => ticket(),
        "order-slip" => order_slip(),
        "prescription" => prescription(),
        "exam-sheet" => exam_sheet(),
        "invoice" => invoice(),
        "follow-up" => follow_up(),
        "imaging-report" => imaging_report(6),
        "drug-labels" | "drug-instructions" => dispensed(),
        "stock-receipt" | "stock-issue" | "stocktake" | "disposal" => stock_paper(template),
        "controlled-book" => controlled_book(),
        "package-contract" => package_contract(),
        "debt-note" => json!({
            "number": "261122-4F2A", "charged_vnd": 865_400, "paid_vnd": 300_000, "amount_vnd": 565_400, "promised_date": "2026-11-30",
            "reason": "Quên ví, người nhà mang tiền đến sau", "noted_at": "2026-11-22T03:20:00Z", "cashier": "Võ Thị Kim Thoa",
        }),
        "cash-handover" => json!({
            "number": "CT26-000012", "giver": "Võ Thị Kim Thoa", "receiver": "Lý Minh Châu", "desk": "Quầy thu 1",
            "given_at": "2026-11-22T05:00:00Z", "decided_at": "2026-11-22T05:10:00Z", "amount_vnd": 4_000_000, "counted_vnd": 4_000_000,
            "shift_expected_vnd": 4_715_000, "shift_counted_vnd": 4_713_000, "kept_vnd": 713_000, "shift_reason": "Thối nhầm", "outcome": "Đã nhận",
        }),
        "lab-label" => lab_labels(),
        "lot-label" => json!({ "labels": [
            { "code": "LO000042", "name": "Amoxicilin 500 mg", "lot_no": "A1", "expires_date": "2027-01-31" },
            { "code": "LO000043", "name": "Nhôm hydroxyd, magnesi hydroxyd và simeticon, hỗn dịch uống 10 ml", "lot_no": "MX-2207-B", "expires_date": "2027-06-30" },
        ] }),
        "wristband" => json!({ "labels": [
            { "code": "NT7K2M9P4Q1C", "name": "Nguyễn Văn An", "record_no": "BV-0104733", "sex": "male", "birth_date": "1985-03-15", "age": "41 tuổi",
              "ward": "Khoa Nội tổng hợp", "admitted_date": "2026-11-23", "allergies": "Sulfamid (cotrimoxazol)" },
        ] }),
        "lab-report" => lab_report(),
        "record-form" => record_form(),
        "scan-cover" => json!({ "code": "YBA1.TO-000017", "kind_title": "Bệnh án nội khoa", "record": "BA 2019/01442", "paper_date": "2019-03-12", "printed_by": "Lưu trữ viên" }),
        "scan-pdf" => scan_pdf(),
        "report" => report(),
        _ => cash_shift(),
    };
    data["head"] = head();
    if template != "cash-shift" {
        data["patient"] = patient();
    }
    data
}

/// Fourteen capsules out of two lots, and a brand in the place of another.
fn dispensed() -> Value {
    json!({
        "code": "84101k7m2p9q-c",
        "lines": [
            {"name": "Amoxicilin 500 mg", "quantity": "14", "unit": "viên", "instruction": "Sáng 1 viên, chiều 1 viên, sau ăn, 7 ngày",
             "lots": [{"lot_no": "A1", "expires_date": "2027-01-31", "quantity": "10"}, {"lot_no": "B2", "expires_date": "2027-06-30", "quantity": "4"}]},
            {"name": "Hapacol 250", "quantity": "10", "unit": "gói", "substituted": true,
             "instruction": "1 gói khi sốt từ 38,5 °C, cách nhau ít nhất 6 giờ, không quá 4 gói/ngày",
             "lots": [{"lot_no": "P31", "expires_date": "2028-02-28", "quantity": "10"}]},
        ],
        "advice": "Uống nhiều nước, tái khám khi sốt cao.",
        "given_at": "2026-11-22T03:27:00Z",
        "given_by": "DS. Trương Gia Bảo",
    })
}

/// A paper of the pharmacy: what came, went, was counted or destroyed.
fn stock_paper(template: &str) -> Value {
    let title = match template {
        "stock-receipt" => "PHIẾU NHẬP KHO",
        "stocktake" => "BIÊN BẢN KIỂM KÊ",
        "disposal" => "BIÊN BẢN HỦY THUỐC",
        _ => "PHIẾU CHUYỂN KHO",
    };
    json!({
        "title": title, "number": "PN26/000001", "day_date": "2026-11-24", "store": "Kho chẵn", "to": "Quầy thuốc ngoại trú",
        "supplier": "Công ty cổ phần Dược Cửu Long Giang", "invoice_no": "0001234", "invoice_date": "2026-11-23", "reason": "Bổ sung quầy",
        "committee": ["DS. Trương Gia Bảo", "DS. Nguyễn Hoài Thương", "Lâm Thế Vinh"],
        "lines": [
            {"code": "T001", "name": "Amoxicilin 500 mg", "unit": "hộp", "lot_no": "A1", "expires_date": "2027-01-31", "quantity": "2", "price": "85.000",
             "vat": "5%", "amount_vnd": 170_000, "value_vnd": 178_500, "book": "200", "counted": "197", "difference": "−3", "note": "vỉ ẩm"},
        ],
        "discount_vnd": 10_000, "vat_vnd": 8_000, "total_vnd": 168_000, "author": "DS. Trương Gia Bảo", "decider": "DS. Nguyễn Hoài Thương",
        "frozen_at": "2026-11-24T01:00:00Z", "decided_at": "2026-11-24T09:00:00Z", "note": "Giao đủ",
    })
}

fn controlled_book() -> Value {
    json!({
        "class": "Gây nghiện", "drug": "Morphin 10 mg", "strength": "10 mg/ml", "unit": "ống", "code": "T048",
        "from_date": "2026-11-01", "to_date": "2026-11-30",
        "lines": [{"posted_at": "2026-11-24T03:00:00Z", "store": "Tủ trực", "what": "Cấp phát", "number": "", "name": "Trần Thị Lành", "lot_no": "N1",
                   "expires_date": "2027-01-31", "came": "", "went": "2", "left": "18", "by": "DS. Trương Gia Bảo", "second": "DS. Nguyễn Hoài Thương"}],
    })
}

/// The least a caller may give.
pub fn minimal(template: &str) -> Value {
    match template {
        "ticket" => json!({"number": 7, "room": {"name": "Nội 1"}}),
        "prescription" | "order-slip" => json!({"patient": {"name": "Võ Thị Út"}, "lines": [{"name": "Paracetamol"}]}),
        "cash-shift" => json!({"number": "CA-01"}),
        "stock-receipt" | "stock-issue" | "stocktake" | "disposal" | "controlled-book" => json!({"lines": [{"name": "Paracetamol 500 mg"}]}),
        "drug-labels" | "drug-instructions" => json!({"lines": [{"name": "Paracetamol 500 mg"}]}),
        _ => json!({"patient": {"name": "Võ Thị Út"}}),
    }
}

/// Five hundred lines, ten thousand letters in a row, and every sign that means something to Typst.
pub fn monstrous(template: &str) -> Value {
    let mut data = full(template);
    let signs = "#let x = 1 $a^2$ [b] *c* _d_ `e` <f> @g \\h // i /* j */ = k\n- l + m ~ \"n\" 'o' {p} --- … 😀 👨‍👩‍👧 漢字 \u{0}\u{7}";
    let lines: Vec<Value> = (1..=500)
        .map(|i| {
            json!({"name": format!("{i}: {signs}"), "code": format!("#{i}"), "quantity": i, "unit": "viên", "note": signs,
                   "instruction": signs, "price_vnd": i, "amount_vnd": i * i, "group": format!("Nhóm {}", i / 50),
                   "method": "Tiền mặt", "number": format!("PT-{i}"), "patient": signs, "result": signs, "label": signs,
                   "value": i, "title": signs, "text": signs})
        })
        .collect();
    for key in ["lines", "orders", "documents", "sections", "measures", "derived", "vitals", "payments", "methods", "voids"] {
        if data.get(key).is_some() {
            data[key] = Value::Array(lines.clone());
        }
    }
    match template {
        "record-form" => {
            let block = json!({ "k": "long", "line": [{ "t": signs }], "value": signs, "n": "1", "tail": [] });
            data["blocks"] = Value::Array(vec![block; 300]);
        }
        "scan-cover" => data["record"] = signs.into(),
        "scan-pdf" => data["mark_lines"] = json!([{ "name": signs }]),
        _ => {}
    }
    let long = "x".repeat(10_000);
    data["advice"] = format!("{signs}\n{long}").into();
    data["note"] = long.clone().into();
    data["reason"] = long.into();
    if let Some(patient) = data.get_mut("patient") {
        patient["name"] = "Nguyễn Thị Cẩm Hường ".repeat(40).into();
        patient["address"] = signs.into();
    }
    data
}

fn head() -> Value {
    json!({
        "name": "Phòng khám đa khoa An Tâm", "address": "Số 12 đường Phạm Hùng, phường Long Châu, tỉnh Vĩnh Long",
        "phone": "0270 000 0000", "licence_no": "00123/VL-GPHĐ", "code": "84101",
        "parent": "Sở Y tế tỉnh Vĩnh Long", "slogan": "", "hours": "Thứ hai – Chủ nhật, 7:00 – 20:00", "footer": "",
        "logo_svg": r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 44 40"><path d="M2 3 20 13v14L2 17z"/><path d="M42 3 24 13v14l18-10z" fill="#777"/><path d="M20 30h4v9h-4z"/></svg>"##,
    })
}

fn patient() -> Value {
    json!({
        "name": "Nguyễn Văn An", "record_no": "AT-0012874", "sex": "male", "birth_date": "1985-03-15", "age": "41 tuổi",
        "personal_id": "001085012345", "insurance_no": "GD 4 86 00123 45678", "phone": "0900 000 001",
        "address": "Ấp Phú Hòa, xã Long Hồ, tỉnh Vĩnh Long", "weight_kg": 68, "category": "BHYT 80 %",
    })
}

fn diagnoses() -> Value {
    json!([
        {"code": "J02.9", "name": "Viêm họng cấp tính, không xác định", "main": true},
        {"code": "K29.7", "name": "Viêm dạ dày, không xác định"},
    ])
}

fn ticket() -> Value {
    json!({
        "number": 7, "room": {"name": "Phòng Nội 1", "place": "Tầng 1, cạnh quầy thu"}, "priority": "Ưu tiên: từ đủ 75 tuổi",
        "people_before": 6, "wait": "khoảng 40 phút", "service": "Khám Nội", "issued_at": "2026-11-22T02:12:00Z",
        "code": "PS-261122-0007", "link": "https://antam.example/cho/7f3k", "note": "Vắng khi gọi 3 lần: xin lấy lại số.",
        "sandbox": true,
    })
}

fn order_slip() -> Value {
    json!({
        "code": "CD-261122-0047", "kind": "Xét nghiệm", "room": {"name": "Phòng lấy mẫu", "place": "Tầng 2, phòng 203"},
        "queue_number": 12, "urgent": true, "diagnoses": diagnoses(), "note": "Sốt ngày 3, loại trừ sốt xuất huyết",
        "lines": [
            {"code": "22.0121", "name": "Tổng phân tích tế bào máu ngoại vi (máy đếm laser)", "quantity": 1, "price_vnd": 49700, "amount_vnd": 49700},
            {"code": "23.0075", "name": "Định lượng Glucose [Máu]", "quantity": 1, "amount_vnd": 22400, "note": "nhịn ăn 8 giờ"},
            {"code": "22.0149", "name": "Nhóm máu ABO, Rh(D)", "quantity": 2, "amount_vnd": 86200, "urgent": true},
        ],
        "total_vnd": 158300, "paid": true, "preparation": "Nhịn ăn sáng. Uống nước lọc được.",
        "ordered_at": "2026-11-22T02:45:00Z", "doctor": {"title": "BS.CKI", "name": "Lê Hoàng Phúc"},
    })
}

fn prescription() -> Value {
    json!({
        "code": "84101k7m2p9q-C", "diagnoses": [{"code": "J02.9", "name": "Viêm họng cấp tính, không xác định", "main": true}],
        "lines": [
            {"name": "Amoxicilin", "brand": "Ospamox", "strength": "500 mg", "form": "viên nang", "quantity": 14, "unit": "viên",
             "route": "Uống", "dose_each": "1 viên", "times_per_day": 2, "time_of_use": "sáng, chiều, sau ăn", "days": 7},
            {"name": "Paracetamol", "strength": "500 mg", "form": "viên nén", "quantity": 8, "unit": "viên", "route": "Uống",
             "instruction": "Uống 1 viên khi sốt từ 38,5 °C, cách nhau ít nhất 6 giờ, không quá 4 viên/ngày.", "note": "Ngừng khi hết sốt"},
        ],
        "advice": "Uống nhiều nước, súc họng nước muối ấm. Khó thở: khám lại ngay.",
        "follow_up_date": "2026-11-29", "prescribed_at": "2026-11-22T03:18:42Z", "valid_until_date": "2026-11-27",
        "sent_at": "2026-11-22T03:19:10Z",
        "prescriber": {"title": "BS.CKI", "name": "Lê Hoàng Phúc", "licence_no": "004512/VL-GPHN", "code": "VL00451"},
        "signature": {"signer": "Lê Hoàng Phúc", "signed_at": "2026-11-22T03:18:42Z", "note": "CA giả lập · không có giá trị pháp lý"},
        "printed": {"copy": 2, "printed_at": "2026-11-22T03:20:00Z", "by": "Huỳnh Ngọc Hân"}, "sandbox": true,
    })
}

fn exam_sheet() -> Value {
    json!({
        "code": "LK-261122-0047", "visit_at": "2026-11-22T02:30:00Z", "room": {"name": "Nội 1"}, "visit_type": "Khám lần đầu",
        "reason": "Sốt, đau họng 2 ngày", "allergies": ["Penicilin: nổi mề đay (2019)"],
        "vitals": [
            {"label": "Mạch", "value": 92, "unit": "lần/phút"}, {"label": "Huyết áp", "value": "128/82", "unit": "mmHg"},
            {"label": "Nhiệt độ", "value": 38.2, "unit": "°C", "flag": "cao"}, {"label": "Nhịp thở", "value": 18, "unit": "lần/phút"},
            {"label": "SpO₂", "value": 98, "unit": "%"}, {"label": "Cân nặng", "value": 68, "unit": "kg"},
            {"label": "Chiều cao", "value": 168, "unit": "cm"}, {"label": "BMI", "value": 24.1, "unit": "kg/m²"},
        ],
        "sections": [
            {"title": "Bệnh sử", "text": "Sốt nhẹ 2 ngày nay, đau họng khi nuốt, không ho.\nTự uống paracetamol, đỡ ít."},
            {"title": "Tiền sử", "text": "Tăng huyết áp từ 2021, đang dùng amlodipin 5 mg."},
            {"title": "Khám lâm sàng", "text": "Tỉnh, tiếp xúc tốt. Họng đỏ, amidan sưng độ II, không giả mạc. Phổi trong, tim đều."},
        ],
        "diagnoses": diagnoses(),
        "orders": [{"name": "Tổng phân tích tế bào máu ngoại vi", "result": "BC 11,2 G/L ↑; TC 245 G/L"}, {"name": "Test nhanh cúm A/B", "result": "Âm tính"}],
        "medicines": [
            {"name": "Amoxicilin", "strength": "500 mg", "quantity": 14, "unit": "viên", "instruction": "Sáng 1 viên, chiều 1 viên, sau ăn, 7 ngày"},
            {"name": "Paracetamol", "strength": "500 mg", "quantity": "08", "unit": "viên", "instruction": "1 viên khi sốt từ 38,5 °C"},
        ],
        "disposition": "Cấp đơn, cho về", "follow_up_date": "2026-11-29", "advice": "Uống nhiều nước. Khó thở: khám lại ngay.",
        "doctor": {"title": "BS.CKI", "name": "Lê Hoàng Phúc"}, "signed_at": "2026-11-22T03:18:42Z", "version": 2,
        "amend_reason": "Bổ sung tiền sử dị ứng",
    })
}

fn invoice() -> Value {
    json!({
        "number": "PT-261122-0047", "issued_at": "2026-11-22T03:31:00Z", "visit_code": "LK-261122-0047",
        "lines": [
            {"group": "Khám bệnh", "name": "Khám Nội", "quantity": 1, "unit": "lần", "price_vnd": 36500, "insurance_vnd": 29200, "amount_vnd": 7300},
            {"group": "Xét nghiệm, thăm dò", "name": "Tổng phân tích tế bào máu", "quantity": 1, "price_vnd": 49700, "insurance_vnd": 39760, "amount_vnd": 9940},
            {"group": "Xét nghiệm, thăm dò", "name": "Nội soi thực quản – dạ dày – tá tràng", "quantity": 1, "price_vnd": 476500, "insurance_vnd": 381200, "amount_vnd": 95300},
            {"group": "Xét nghiệm, thăm dò", "name": "Siêu âm ổ bụng theo yêu cầu", "quantity": 1, "price_vnd": 150000, "insurance_vnd": 0, "amount_vnd": 150000},
            {"group": "Thuốc", "name": "Amoxicilin 500 mg", "quantity": 14, "unit": "viên", "price_vnd": 850, "insurance_vnd": 9520, "amount_vnd": 2380},
            {"group": "Thuốc", "name": "Paracetamol 500 mg", "quantity": 10, "unit": "viên", "price_vnd": 310, "insurance_vnd": 2480, "amount_vnd": 620},
        ],
        "total_vnd": 727700, "insurance_vnd": 462160, "deposit_vnd": 200000, "payable_label": "Còn phải thu", "payable_vnd": 65540,
        "payments": [
            {"method": "Tiền mặt", "amount_vnd": 25540, "paid_at": "2026-11-22T03:30:00Z"},
            {"method": "Chuyển khoản VietQR", "amount_vnd": 40000, "paid_at": "2026-11-22T03:31:00Z", "reference": "YBA 261122 0047"},
        ],
        "tendered_vnd": 30000, "change_vnd": 4460, "cashier": "Võ Thị Kim Thoa",
        "payer": {"name": "Nguyễn Văn An"}, "qr": "00020101021238540010A00000072701240006970436011012345678900208QRIBFTTA5303704540565540",
        "sandbox": true,
    })
}

fn follow_up() -> Value {
    json!({
        "code": "HK-261122-0047", "diagnoses": diagnoses(), "visit_at": "2026-11-22T02:30:00Z", "follow_up_date": "2026-11-29",
        "follow_up_time": "08:00", "room": {"name": "Phòng Nội 1", "place": "Tầng 1"}, "reason": "Đánh giá đáp ứng kháng sinh",
        "advice": "Uống hết đơn thuốc. Khó thở, sốt trên 39 °C: đến khám ngay.", "bring": ["Giấy hẹn này", "Đơn thuốc", "CCCD"],
        "doctor": {"title": "BS.CKI", "name": "Lê Hoàng Phúc"}, "issued_at": "2026-11-22T03:20:00Z",
        "validity": "Giấy hẹn có giá trị một lần, trong 10 ngày làm việc kể từ ngày hẹn.",
    })
}

fn package_contract() -> Value {
    json!({
        "number": "GDV26-000007", "name": "Mười buổi vật lý trị liệu", "sold_at": "2026-11-22T03:20:00Z", "valid_from_date": "2026-11-22",
        "valid_to_date": "2027-05-21",
        "items": [{"name": "Tập vận động có trợ giúp", "quantity": 10, "left": 10, "list_vnd": 120_000, "sum_vnd": 1_200_000},
                  {"name": "Khám Nội", "quantity": 1, "left": 1, "list_vnd": 36_500, "sum_vnd": 36_500}],
        "list_vnd": 1_236_500, "price_vnd": 1_000_000, "paid_vnd": 1_000_000, "due_vnd": 0,
        "terms": "Kết thúc trước hạn: hoàn số tiền đã trả trừ phần đã dùng tính theo giá lẻ ngày mua.", "seller": "Võ Thị Kim Thoa",
    })
}

fn cash_shift() -> Value {
    let documents: Vec<Value> = (1..=24)
        .map(|i| json!({"number": format!("PT-261122-{i:04}"), "issued_at": format!("2026-11-22T0{}:{:02}:00Z", i / 12, i * 2),
            "patient": "Võ Thanh Liêm", "kind": "thu", "method": "Tiền mặt", "amount_vnd": 125_000 + i * 1_500}))
        .collect();
    json!({
        "number": "CA-261122-01", "cashier": "Võ Thị Kim Thoa", "desk": "Quầy thu 1", "opened_at": "2026-11-22T00:02:00Z",
        "closed_at": "2026-11-22T10:05:00Z", "opening_vnd": 500000,
        "methods": [
            {"method": "Tiền mặt", "count": 31, "received_vnd": 4263000, "refunded_vnd": 48000, "net_vnd": 4215000},
            {"method": "VietQR", "count": 22, "received_vnd": 7830500, "refunded_vnd": 0, "net_vnd": 7830500},
            {"method": "Thẻ", "count": 2, "received_vnd": 650000, "refunded_vnd": 0, "net_vnd": 650000},
        ],
        "total": {"count": 55, "received_vnd": 12743500, "refunded_vnd": 48000, "net_vnd": 12695500},
        "expected_vnd": 4715000, "counted_vnd": 4713000, "difference_vnd": -2000, "difference_reason": "Thối nhầm 2.000 đ, đã báo quản lý",
        "denominations": [
            {"face_vnd": 500000, "count": 6, "amount_vnd": 3000000}, {"face_vnd": 200000, "count": 5, "amount_vnd": 1000000},
            {"face_vnd": 100000, "count": 5, "amount_vnd": 500000}, {"face_vnd": 50000, "count": 4, "amount_vnd": 200000},
            {"face_vnd": 1000, "count": 13, "amount_vnd": 13000},
        ],
        "documents": documents,
        "voids": [{"number": "PT-261122-0019", "reason": "Thu nhầm người bệnh", "approved_by": "Trần Thị Diễm", "amount_vnd": 150000}],
        "handed_to": "Trần Thị Diễm",
    })
}

/// A report with that many pictures, each of its own, in the shapes that machines give.
pub fn imaging_report(pictures: usize) -> Value {
    let pictures: Vec<Value> = (0..pictures)
        .map(|at| json!({"jpeg": still(at as u32), "caption": format!("Mặt cắt {}", at + 1), "file": format!("{at:064x}")}))
        .collect();
    json!({
        "title": "KẾT QUẢ SIÊU ÂM Ổ BỤNG", "code": "261124-0007", "service": "Siêu âm ổ bụng", "room": {"name": "Phòng siêu âm"},
        "reason": "Đau thượng vị sau ăn", "ordered_by": "BS. Lê Hoàng Phúc", "ordered_at": "2026-11-24T02:10:00Z",
        "performed_at": "2026-11-24T02:31:00Z", "diagnoses": diagnoses(),
        "sections": [
            {"title": "Gan", "text": "Không to, bờ đều, cấu trúc đồng nhất. Đường mật trong gan không giãn."},
            {"title": "Túi mật", "text": "Thành không dày, lòng có 1 sỏi 8 mm kèm bóng lưng, di động theo tư thế."},
            {"title": "Tụy", "text": "Kích thước bình thường, ống tụy không giãn."},
            {"title": "Lách", "text": "Không to, đồng nhất."},
            {"title": "Thận", "text": "Hai thận kích thước bình thường, không sỏi, không ứ nước."},
        ],
        "measures": [{"label": "Sỏi túi mật, lớn nhất", "value": "8", "unit": "mm"}, {"label": "Chiều cao lách", "value": "92", "unit": "mm"}],
        "derived": [{"label": "Tuổi thai", "value": "30 tuần 1 ngày", "source": "Hadlock 1984"}],
        "conclusion": "Sỏi túi mật 8 mm, chưa thấy dấu hiệu viêm.", "recommendation": "Khám ngoại khoa, siêu âm lại sau 6 tháng.",
        "pictures": pictures, "doctor": {"name": "BS. Trịnh Ngọc Bích"}, "signed_at": "2026-11-24T02:45:00Z", "version": 1,
    })
}

/// A JPEG in base64 that differs from every other one.
fn still(seed: u32) -> String {
    use base64::Engine;
    let picture = image::RgbImage::from_fn(960, 720, |x, y| image::Rgb([((x * (seed + 1)) % 256) as u8, (y % 256) as u8, (x ^ y) as u8]));
    let mut out = Vec::new();
    image::DynamicImage::ImageRgb8(picture)
        .write_with_encoder(image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 80))
        .expect("a picture can be packed");
    base64::engine::general_purpose::STANDARD.encode(out)
}

/// The labels of two tubes of one visit.
fn lab_labels() -> Value {
    let label = |code: &str, tube: &str, tests: &str| {
        json!({
            "code": code, "name": "Nguyễn Văn An", "record_no": "AT26-000001", "sex": "male", "birth_date": "1985-03-15", "tube": tube,
            "tests": tests, "urgent": true, "collected_at": "2026-11-22T02:58:00Z", "collector": "KTV. Đặng Quốc Huy",
        })
    };
    json!({ "labels": [label("2611220007", "Huyết thanh (nắp đỏ)", "GLU NA K CL"), label("2611220008", "EDTA (nắp tím)", "WBC HGB PLT")] })
}

/// A corrected report with marks, ranges and the values before.
fn lab_report() -> Value {
    let row = |name: &str, value: &str, mark: &str, was: &str| {
        json!({
            "name": name, "value": value, "mark": mark, "bold": !mark.is_empty(), "unit": "mmol/L", "range": "3,4–4,5",
            "previous": "4,9 (20/11/2026)", "was": was, "method": "ISE gián tiếp",
        })
    };
    json!({
        "title": "PHIẾU KẾT QUẢ XÉT NGHIỆM (BẢN SỬA)", "code": "2611220007", "samples": "2611220007, 2611220008",
        "doctor": { "name": "BS. Lê Hoàng Phúc" }, "ordered_at": "2026-11-22T02:40:00Z", "collected_at": "2026-11-22T02:58:00Z",
        "groups": [{ "name": "Điện giải đồ (Na, K, Cl)", "rows": [row("Kali", "6,8", "▲▲", "4,8"), row("Natri", "140", "", "")] }],
        "reason": "Nhập nhầm dòng", "technical": { "name": "KTV. Đặng Quốc Huy" }, "technical_at": "2026-11-22T03:30:00Z",
        "released": { "name": "BS. Phan Thanh Liêm" }, "signed_at": "2026-11-22T03:41:00Z",
    })
}

fn report() -> Value {
    let columns: Vec<Value> = ["Ca", "Thu ngân", "Mở lúc", "Kết lúc", "Sổ sách", "Thực đếm", "Chênh lệch", "Giải trình", "Bàn giao cho"]
        .iter()
        .enumerate()
        .map(|(i, title)| json!({ "title": title, "number": (4..7).contains(&i), "width": "18" }))
        .collect();
    json!({
        "title": "Doanh thu hằng ngày", "about": "24/11/2026", "verdict": "Khớp sổ cái từng đồng.",
        "figures": [{ "label": "Doanh thu trong ngày", "value": "24.860.000 đ" }, { "label": "Thực thu", "value": "22.100.000 đ" }],
        "tables": [
            { "title": "Theo hình thức", "columns": [{ "title": "Hình thức", "number": false, "width": "30" }, { "title": "Thực thu", "number": true, "width": "16" }],
              "rows": [{ "cells": ["Tiền mặt", "12.000.000"] }, { "cells": ["Chuyển khoản", "10.100.000"] }], "sum": { "cells": ["Cộng", "22.100.000"] } },
            { "title": "Ca thu", "columns": columns,
              "rows": [{ "cells": ["CA26-000001", "Võ Thị Kim Thoa", "07:00 24/11/2026", "12:00", "5.000.000", "4.990.000", "−10.000", "Thối nhầm", "Lý Minh Châu"] }] },
        ],
        "printed": { "by": "Lâm Thế Vinh", "printed_at": "2026-11-24T13:04:00Z" },
    })
}

/// A form's page as the module of the record lays it out: a few blocks of each kind.
fn record_form() -> Value {
    json!({
        "form": "01/BV1", "title": "BỆNH ÁN NỘI KHOA", "sheet": "a4", "short": "BA-26-00017", "link": "https://yba.example/kiem-tra/7Q2M", "version": "2",
        "issued_at": "2026-11-25T02:10:00Z",
        "blocks": [
            { "k": "head", "left": [[{ "t": "Sở Y tế: " }, { "f": "Vĩnh Long" }]], "title": ["BỆNH ÁN NỘI KHOA"], "below": [], "right": [[{ "t": "MS: 01/BV1" }]] },
            { "k": "heading", "text": "I. HÀNH CHÍNH", "right": "", "level": "2" },
            { "k": "row", "w": ["50", "50"], "cells": [[{ "t": "1. Họ và tên: " }, { "f": "LÊ THỊ HOA" }], [{ "q": [["4", "12"], ["1", "12"]] }, { "o": "1. Nam", "x": "X" }, { "g": "4" }, { "p": "1" }, { "s": "08", "w": "20" }]] },
            { "k": "frame", "w": ["50", "50"], "rows": [[[{ "k": "long", "line": [{ "t": "20. Nơi chuyển đến: " }], "value": "", "n": "2", "tail": [{ "q": [["", "12"]] }] }], []]] },
            { "k": "beside", "main": [{ "k": "long", "line": [{ "b": true, "t": "1. Toàn thân: " }], "value": "Tỉnh", "n": "4", "tail": [] }], "side": [[{ "i": true, "t": "Mạch " }, { "f": "82" }]] },
            { "k": "table", "w": ["1", "2"], "head": ["Ngày", "Diễn biến"], "rows": [["25/11", "Đỡ sốt"]], "small": false },
            { "k": "text", "line": [{ "t": "Ghi chú: bác sỹ ký ngay." }], "centre": false },
            { "k": "drawing", "title": "Lược đồ", "n": "3" },
            { "k": "sign", "spots": [
                { "role": "giam_doc", "label": "Giám đốc", "sub": "Họ và tên ……", "date": [], "name": "" },
                { "role": "truong_khoa", "label": "Trưởng khoa", "sub": "Họ và tên ……", "date": [{ "i": true, "t": "Ngày 25" }], "name": "", "signer": "BS.CKII Trần Quốc Việt", "when": "25/11/2026 09:10", "how": "Ký số bởi", "picture": "0" },
            ] },
            { "k": "page" },
            { "k": "handover", "rows": [["- X - quang", "2"]], "spots": [
                { "role": "nguoi_giao_ho_so", "label": "Người giao hồ sơ", "sub": "Họ tên ……", "date": [], "name": "Lan" },
                { "role": "bac_si_dieu_tri", "label": "Bác sỹ điều trị", "sub": "Họ tên ……", "date": [], "name": "" },
            ] },
            { "k": "republic", "left": [[{ "t": "Bệnh viện" }]], "right": [[{ "t": "Số: 12" }]], "title": ["GIẤY RA VIỆN"], "below": [] },
        ],
    })
}

/// Two scanned pages with their words.
fn scan_pdf() -> Value {
    let page = |word: &str| {
        json!({ "jpeg": still(1), "width_mm": 210, "height_mm": 297, "words": [{ "x": 20.5, "y": 30, "h": 4, "t": word }, { "x": 60, "y": 30, "h": 4, "t": "phổi" }] })
    };
    json!({ "title": "Bệnh án nội khoa (bản số hóa)", "issued_at": "2026-11-25T02:10:00Z", "mark": "BẢN SỐ HÓA TỪ BẢN GIẤY", "mark_lines": [{ "name": "Chuyển đổi ngày 25/11/2026" }], "pictures": [page("Viêm"), page("tim")] })
}
