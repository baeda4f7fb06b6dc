//! The stand-in provider of electronic invoices: gives numbers, or fails in one of the ways providers fail.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base::Clock;
use chrono::{DateTime, Datelike, Utc};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

/// How the provider behaves towards the next requests for a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceMode {
    #[default]
    Exact,
    /// Gives the number, but only after the asker has lost patience.
    Slow,
    /// Breaks with 500 and keeps nothing.
    Error,
    /// Gives the number and hangs up in the middle of the answer.
    LostAnswer,
    /// Gives the number and says that it had given one before.
    Duplicate,
    /// Says no.
    Refused,
    /// Answers nothing at all, not even about invoices it has.
    Down,
}

impl InvoiceMode {
    pub const ALL: [InvoiceMode; 7] = [
        InvoiceMode::Exact,
        InvoiceMode::Slow,
        InvoiceMode::Error,
        InvoiceMode::LostAnswer,
        InvoiceMode::Duplicate,
        InvoiceMode::Refused,
        InvoiceMode::Down,
    ];

    pub fn key(self) -> &'static str {
        match self {
            InvoiceMode::Exact => "exact",
            InvoiceMode::Slow => "slow",
            InvoiceMode::Error => "error",
            InvoiceMode::LostAnswer => "lost_answer",
            InvoiceMode::Duplicate => "duplicate",
            InvoiceMode::Refused => "refused",
            InvoiceMode::Down => "down",
        }
    }
    pub fn from_key(key: &str) -> Option<InvoiceMode> {
        InvoiceMode::ALL.into_iter().find(|m| m.key() == key)
    }
    pub fn title(self) -> &'static str {
        match self {
            InvoiceMode::Exact => "Cấp số đúng",
            InvoiceMode::Slow => "Cấp số chậm",
            InvoiceMode::Error => "Lỗi 500",
            InvoiceMode::LostAnswer => "Mất trả lời",
            InvoiceMode::Duplicate => "Báo trùng",
            InvoiceMode::Refused => "Từ chối",
            InvoiceMode::Down => "Ngừng chạy",
        }
    }
}

/// An invoice that has its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Given {
    pub serial: String,
    pub number: i64,
    pub lookup_code: String,
    pub authority_code: String,
    pub total: i64,
    pub at: DateTime<Utc>,
}

#[derive(Default)]
struct Memory {
    mode: InvoiceMode,
    /// How many more requests the mode is for; then it is `Exact` again.
    times: u32,
    given: HashMap<Uuid, Given>,
    /// The newest first.
    order: VecDeque<Uuid>,
    asked: u32,
}

/// The provider and its memory, which lasts as long as it runs.
#[derive(Clone)]
pub struct InvoiceProvider {
    clock: Clock,
    slowness: Duration,
    memory: Arc<Mutex<Memory>>,
}

impl InvoiceProvider {
    /// `slowness` is how long the slow mode takes.
    pub fn new(clock: Clock, slowness: Duration) -> InvoiceProvider {
        InvoiceProvider { clock, slowness, memory: Arc::default() }
    }

    /// Behaves like this for the next `times` requests.
    pub fn behave(&self, mode: InvoiceMode, times: u32) {
        self.with(|memory| (memory.mode, memory.times) = (mode, times));
    }

    /// How many invoices have a number, and how often one was asked for.
    pub fn counts(&self) -> (usize, u32) {
        self.with(|memory| (memory.given.len(), memory.asked))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Memory) -> T) -> T {
        // A poisoned memory is still a memory.
        act(&mut self.memory.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// The mode for this request.
    fn mode(&self) -> InvoiceMode {
        self.with(|memory| {
            if memory.times == 0 {
                return InvoiceMode::Exact;
            }
            memory.times -= 1;
            memory.mode
        })
    }

    fn is_down(&self) -> bool {
        self.with(|memory| memory.times > 0 && memory.mode == InvoiceMode::Down)
    }

    fn find(&self, key: Uuid) -> Option<Given> {
        self.with(|memory| memory.given.get(&key).cloned())
    }

    /// One number per key, whoever asks however often.
    fn give(&self, key: Uuid, total: i64) -> Given {
        let at = self.clock.now();
        self.with(|memory| {
            let number = memory.given.len() as i64 + 1;
            if !memory.given.contains_key(&key) {
                memory.order.push_front(key);
            }
            memory
                .given
                .entry(key)
                .or_insert_with(|| Given {
                    serial: format!("C{:02}MGL", base::local_date(at).year().rem_euclid(100)),
                    number,
                    lookup_code: format!("GL{:X}", (key.as_u128() >> 8) as u64 & 0xFF_FFFF_FFFF),
                    authority_code: format!("M1-{:02}-GLAPT-{number:011}", base::local_date(at).year().rem_euclid(100)),
                    total,
                    at,
                })
                .clone()
        })
    }
}

pub fn router(provider: InvoiceProvider) -> Router {
    Router::new()
        .route("/einvoice", get(counter))
        .route("/einvoice/mode", post(set_mode))
        .route("/einvoice/invoices/{key}", get(find).put(issue))
        .layer(DefaultBodyLimit::max(1024 * 1024))
        .with_state(provider)
}

fn no(status: StatusCode, detail: &str) -> Response {
    (status, axum::Json(json!({ "detail": detail }))).into_response()
}

fn told(given: &Given) -> Response {
    axum::Json(given).into_response()
}

async fn find(State(provider): State<InvoiceProvider>, Path(key): Path<Uuid>) -> Response {
    if provider.is_down() {
        return no(StatusCode::SERVICE_UNAVAILABLE, "Cổng giả lập đang ngừng.");
    }
    match provider.find(key) {
        Some(given) => told(&given),
        None => no(StatusCode::NOT_FOUND, "Chưa có hóa đơn nào dưới khóa này."),
    }
}

async fn issue(State(provider): State<InvoiceProvider>, Path(key): Path<Uuid>, xml: String) -> Response {
    provider.with(|memory| memory.asked += 1);
    let mode = provider.mode();
    if mode == InvoiceMode::Down {
        return no(StatusCode::SERVICE_UNAVAILABLE, "Cổng giả lập đang ngừng.");
    }
    if mode == InvoiceMode::Error {
        return no(StatusCode::INTERNAL_SERVER_ERROR, "Cổng giả lập gặp lỗi.");
    }
    if mode == InvoiceMode::Refused {
        return no(StatusCode::UNPROCESSABLE_ENTITY, "Mã số thuế người mua không tồn tại. Sửa người mua rồi gửi lại.");
    }
    if provider.find(key).is_some() {
        return no(StatusCode::CONFLICT, "Khóa này đã có số.");
    }
    let total = match total(&xml) {
        Ok(total) => total,
        Err(detail) => return no(StatusCode::UNPROCESSABLE_ENTITY, &detail),
    };
    let given = provider.give(key, total);
    tracing::info!(number = given.number, mode = mode.key(), "the stand-in gave an invoice its number");
    match mode {
        InvoiceMode::Slow => {
            tokio::time::sleep(provider.slowness).await;
            told(&given)
        }
        InvoiceMode::LostAnswer => ([(header::CONTENT_TYPE, "application/json")], format!("{{\"serial\":\"{}", given.serial)).into_response(),
        InvoiceMode::Duplicate => no(StatusCode::CONFLICT, "Khóa này đã có số."),
        _ => told(&given),
    }
}

/// Reads the sums as a stranger would: lines must add up to the totals. Gives the amount to pay.
fn total(xml: &str) -> Result<i64, String> {
    let mut reader = Reader::from_str(xml);
    let (mut path, mut lines, mut sums): (Vec<String>, i64, HashMap<String, i64>) = (Vec::new(), 0, HashMap::new());
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => path.push(tag.name().as_ref().to_owned()),
            Ok(Event::End(_)) => {
                path.pop();
            }
            Ok(Event::Text(text)) => {
                let text = text.trim().to_owned();
                let Some(name) = path.last().filter(|_| !text.is_empty()) else { continue };
                let inside = |parent: &str| path.len() > 1 && path[path.len() - 2] == parent;
                if name == "ThTien" && inside("HHDVu") {
                    lines += text.parse::<i64>().map_err(|_| format!("ThTien không phải số đồng: {text}"))?;
                } else if inside("TToan") && name != "TgTTTBChu" {
                    sums.insert(name.clone(), text.parse().map_err(|_| format!("{name} không phải số đồng: {text}"))?);
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => return Err(format!("XML không đọc được: {error}")),
        }
    }
    let sum = |name: &str| sums.get(name).copied().ok_or_else(|| format!("Thiếu {name}."));
    let (net, vat, all) = (sum("TgTCThue")?, sum("TgTThue")?, sum("TgTTTBSo")?);
    if lines != net || net + vat != all {
        return Err(format!("Tổng tiền không khớp: các dòng {lines}, chưa thuế {net}, thuế {vat}, thanh toán {all}."));
    }
    Ok(all)
}

#[derive(Template)]
#[template(path = "invoices.html")]
struct Counter {
    mode: InvoiceMode,
    times: u32,
    given: Vec<Given>,
}

impl Counter {
    fn amount(&self, given: &Given) -> base::Vnd {
        base::Vnd(given.total)
    }
    fn time(&self, given: &Given) -> String {
        base::show_time(given.at)
    }
}

async fn counter(State(provider): State<InvoiceProvider>) -> Response {
    let page = provider.with(|memory| Counter {
        mode: if memory.times == 0 { InvoiceMode::Exact } else { memory.mode },
        times: memory.times,
        given: memory.order.iter().take(50).filter_map(|key| memory.given.get(key)).cloned().collect(),
    });
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    match page.render() {
        Ok(text) => ([(header::CONTENT_SECURITY_POLICY, policy)], Html(text)).into_response(),
        Err(error) => no(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

#[derive(Deserialize)]
struct ModeForm {
    mode: String,
    #[serde(default)]
    times: Option<u32>,
}

/// `POST /einvoice/mode` with `mode` and `times` (3 when not said).
async fn set_mode(State(provider): State<InvoiceProvider>, Form(form): Form<ModeForm>) -> Response {
    let Some(mode) = InvoiceMode::from_key(&form.mode) else { return no(StatusCode::UNPROCESSABLE_ENTITY, "mode không có.") };
    provider.behave(mode, form.times.unwrap_or(3).min(1000));
    Redirect::to("/einvoice").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_that_do_not_add_up_are_refused() {
        let xml = |line: i64, net: i64, vat: i64, all: i64| {
            format!("<HDon><NDHDon><DSHHDVu><HHDVu><ThTien>{line}</ThTien></HHDVu></DSHHDVu><TToan><LTSuat><ThTien>9</ThTien></LTSuat><TgTCThue>{net}</TgTCThue><TgTThue>{vat}</TgTThue><TgTTTBSo>{all}</TgTTTBSo></TToan></NDHDon></HDon>")
        };
        assert_eq!(total(&xml(100, 100, 5, 105)), Ok(105));
        assert_eq!(total(&xml(-100, -100, -5, -105)), Ok(-105));
        for (line, net, vat, all) in [(99, 100, 5, 105), (100, 100, 5, 106)] {
            assert!(total(&xml(line, net, vat, all)).is_err(), "{line} {net} {vat} {all}");
        }
        assert!(total("<HDon><NDHDon></HDon>").is_err() && total("").is_err());
    }

    #[test]
    fn a_key_has_one_number() {
        let provider = InvoiceProvider::new(Clock::system(), Duration::ZERO);
        let (a, b) = (Uuid::now_v7(), Uuid::now_v7());
        let first = provider.give(a, 1000);
        assert_eq!(provider.give(b, 1000).number, 2);
        assert_eq!(provider.give(a, 1000), first);
        assert_eq!(provider.counts().0, 2);
    }
}
