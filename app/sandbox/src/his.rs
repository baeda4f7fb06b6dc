//! The stand-in hospital system: admits, moves, discharges, sends results and papers by MLLP, and goes wrong in the ways
//! such systems do.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use base::Clock;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What the system tells.
const KINDS: [(&str, &str); 8] = [
    ("A01", "Nhập viện"),
    ("A02", "Chuyển khoa"),
    ("A03", "Ra viện"),
    ("A08", "Sửa hành chính"),
    ("A04", "Đăng ký ngoại trú"),
    ("R01", "Kết quả xét nghiệm"),
    ("T02", "Phiếu PDF"),
    ("T02X", "Phiếu chữ"),
];

/// How it goes wrong.
const FAULTS: [(&str, &str); 8] = [
    ("", "Gửi đúng"),
    ("twice", "Gửi ba lần cùng số"),
    ("other_body", "Cùng số, nội dung khác"),
    ("charset", "Sai bảng mã"),
    ("no_pid", "Thiếu đoạn PID"),
    ("cut", "Đứt giữa chừng"),
    ("ward", "Mã khoa lạ"),
    ("noise", "Rác trước khung"),
];

/// One message and what came back.
#[derive(Clone, Debug)]
pub struct Sent {
    pub at: DateTime<Utc>,
    pub kind: String,
    pub message: String,
    /// AA, AE, AR, or why nothing came back.
    pub answer: String,
    pub words: String,
}

/// The stand-in, its number of messages and its memory of the last forty.
#[derive(Clone)]
pub struct HospitalSystem {
    clock: Clock,
    /// Where Yba listens for MLLP.
    address: String,
    log: Arc<Mutex<VecDeque<Sent>>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Order {
    kind: String,
    fault: String,
    record_no: String,
    name: String,
    birth: String,
    sex: String,
    cccd: String,
    visit: String,
    ward: String,
}

impl Default for Order {
    fn default() -> Order {
        Order {
            kind: String::new(),
            fault: String::new(),
            record_no: "HIS000123".into(),
            name: "PHẠM^HÒA^THỊ THU".into(),
            birth: "19620907".into(),
            sex: "F".into(),
            cccd: String::new(),
            visit: "L26112401".into(),
            ward: "K-NOI".into(),
        }
    }
}

impl HospitalSystem {
    pub fn new(address: String, clock: Clock) -> HospitalSystem {
        HospitalSystem { clock, address, log: Arc::default() }
    }

    fn log(&self) -> Vec<Sent> {
        self.log.lock().map(|log| log.iter().cloned().collect()).unwrap_or_default()
    }

    /// Sends what was ordered, right or wrong, and remembers the answers.
    pub async fn send(&self, order: &Order) {
        let number = format!("M{}", uuid::Uuid::now_v7().simple());
        let number = &number[..20];
        let good = write(order, number, self.clock.now());
        let bytes = |text: &str| text.as_bytes().to_vec();
        let all: Vec<Vec<u8>> = match order.fault.as_str() {
            "twice" => vec![bytes(&good), bytes(&good), bytes(&good)],
            "other_body" => vec![bytes(&good), bytes(&good.replace(&order.visit, &format!("{}X", order.visit)))],
            "charset" => vec![bytes(&good.replace("UNICODE UTF-8", "8859/1"))],
            "no_pid" => vec![good.split('\r').filter(|l| !l.starts_with("PID")).collect::<Vec<_>>().join("\r").into_bytes()],
            "ward" => vec![bytes(&good.replace(&format!("|{}^", order.ward), "|KHOA-LA^"))],
            _ => vec![bytes(&good)],
        };
        for message in all {
            let (answer, words) = match tokio::time::timeout(Duration::from_secs(10), self.ask(&message, &order.fault)).await {
                Ok(Ok(answer)) => read(&answer),
                Ok(Err(error)) => ("–".into(), format!("Không nối được: {error}")),
                Err(_) => ("–".into(), "Không có trả lời trong 10 giây".into()),
            };
            let text = String::from_utf8_lossy(&message).replace('\r', "\n").chars().take(1500).collect();
            let sent = Sent { at: self.clock.now(), kind: order.kind.clone(), message: text, answer, words };
            if let Ok(mut log) = self.log.lock() {
                log.push_front(sent);
                log.truncate(40);
            }
        }
    }

    async fn ask(&self, message: &[u8], fault: &str) -> std::io::Result<Vec<u8>> {
        let mut socket = TcpStream::connect(&self.address).await?;
        socket.set_nodelay(true)?;
        if fault == "noise" {
            socket.write_all(b"\r\n\x00rac\x7f").await?;
        }
        let mut frame = vec![0x0b];
        frame.extend_from_slice(message);
        frame.extend_from_slice(b"\x1c\r");
        if fault == "cut" {
            frame.truncate(frame.len() / 2);
            socket.write_all(&frame).await?;
            socket.shutdown().await?;
        } else {
            socket.write_all(&frame).await?;
        }
        let mut answer = Vec::new();
        let mut buffer = [0u8; 4096];
        while !answer.ends_with(b"\x1c\r") {
            match socket.read(&mut buffer).await? {
                0 => break,
                read => answer.extend_from_slice(&buffer[..read]),
            }
        }
        Ok(answer)
    }
}

/// MSA-1 and what people may read of the answer.
fn read(answer: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(answer);
    let field = |name: &str, n: usize| {
        let line = text.split(['\r', '\u{b}']).find(|l| l.starts_with(name)).unwrap_or("");
        line.split('|').nth(n).unwrap_or("").replace("\\T\\", "&")
    };
    match field("MSA", 1) {
        code if code.is_empty() => ("–".into(), "Đường truyền đóng, không có trả lời".into()),
        code => {
            let words = [field("ERR", 8), field("NTE", 3), field("MSA", 3)].into_iter().find(|w| !w.is_empty()).unwrap_or_default();
            (code, words)
        }
    }
}

/// A message as this system writes it.
fn write(order: &Order, number: &str, now: DateTime<Utc>) -> String {
    let stamp = base::dates::local_time(now).format("%Y%m%d%H%M%S").to_string();
    let kind = match order.kind.as_str() {
        "R01" => "ORU^R01".to_owned(),
        "T02" | "T02X" => "MDM^T02".to_owned(),
        adt => format!("ADT^{adt}"),
    };
    // A separator in what was typed would begin another field.
    let safe = |text: &str| text.replace(['|', '\r', '\n', '\\', '~'], " ");
    let (visit, ward) = (safe(&order.visit), safe(&order.ward));
    let cccd = if order.cccd.trim().is_empty() { String::new() } else { format!("~{}^^^CCCD^NI", safe(&order.cccd)) };
    let mut text = format!(
        "MSH|^~\\&|HIS-MAU|84001|YBA|84001|{stamp}||{kind}|{number}|P|2.5||||||UNICODE UTF-8\rEVN||{stamp}\rPID|1||{}^^^HIS^MR{cccd}||{}||{}|{}|||301 Trần Phú^^Phước Hậu^Vĩnh Long||0912345678\r",
        safe(&order.record_no),
        safe(&order.name),
        safe(&order.birth),
        safe(&order.sex)
    );
    let class = if order.kind == "A04" { "O" } else { "I" };
    let ward = if order.kind == "A04" { "PK-NOI".to_owned() } else { ward };
    let end = if order.kind == "A03" { "|||||||||||||||||DO^Đỡ, giảm" } else { "" };
    text.push_str(&format!("PV1|1|{class}|{ward}^101^02||||BS063^Lê^Vân^Thị Thu||||||||||||{visit}{end}\r"));
    match order.kind.as_str() {
        "A01" => text.push_str("PV2|||^Ho, sốt 3 ngày\rDG1|1||J18.9^Viêm phổi, không đặc hiệu^I10\r"),
        "R01" => text.push_str(&format!(
            "OBR|1||{number}|SH^Sinh hóa máu|||{stamp}|||||||||||||||{stamp}|||F||||||||||XN1&Châu&Trí\rOBX|1|NM|GLU^Glucose^L||7.8|mmol/L|3.9-6.4|H|||F\rOBX|2|NM|CREA^Creatinin^L||82|umol/L|53-97|N|||F\rOBX|3|NM|K^Kali^L||4.1|mmol/L|3.5-5.0|N|||F\r"
        )),
        "T02" => text.push_str(&format!(
            "TXA|1|TDT^Tờ điều trị|{stamp}|{stamp}|||||BS063^Lê^Vân^Thị Thu|||{number}\rOBX|1|ED|TDT^Tờ điều trị||^application^pdf^Base64^{}||||||F\r",
            STANDARD.encode(PDF)
        )),
        "T02X" => text.push_str(&format!(
            "TXA|1|HC^Biên bản hội chẩn|TX|{stamp}|||||BS063^Lê^Vân^Thị Thu|||{number}\rOBX|1|TX|HC^Biên bản hội chẩn||Người bệnh còn sốt, ran nổ đáy phổi phải.\\.br\\Thống nhất đổi kháng sinh, theo dõi 24 giờ.||||||F\r"
        )),
        _ => {}
    }
    text
}

/// A page with one line, small enough to be written by hand.
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>> endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 595]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>> endobj\n4 0 obj<</Length 51>>stream\nBT /F 16 Tf 40 540 Td (TO DIEU TRI - HIS mau) Tj ET\nendstream endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\nxref\n0 6\n0000000000 65535 f \n0000000009 00000 n \n0000000053 00000 n \n0000000103 00000 n \n0000000213 00000 n \n0000000310 00000 n \ntrailer<</Size 6/Root 1 0 R>>\nstartxref\n372\n%%EOF\n";

#[derive(Template)]
#[template(path = "his.html")]
struct Window {
    order: Order,
    log: Vec<Sent>,
}

impl Window {
    fn time(&self, sent: &Sent) -> String {
        base::show_time(sent.at)
    }
}

/// The window for people.
pub fn router(system: HospitalSystem) -> Router {
    Router::new().route("/his", get(window).post(press)).with_state(system)
}

fn page(window: Window) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    match window.render() {
        Ok(text) => ([(header::CONTENT_SECURITY_POLICY, policy)], Html(text)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn window(State(system): State<HospitalSystem>, Query(order): Query<Order>) -> Response {
    page(Window { order, log: system.log() })
}

async fn press(State(system): State<HospitalSystem>, Form(order): Form<Order>) -> Response {
    if KINDS.iter().any(|(kind, _)| *kind == order.kind) {
        system.send(&order).await;
    }
    page(Window { order, log: system.log() })
}
