//! The stand-in bank: pays a VietQR code and tells the clinic, rightly or in one of the ways banks go wrong.

use base::Clock;
use billing::seed::SANDBOX_SECRET;
use billing::transfer::GOOD_FOR;
use chrono::{DateTime, TimeDelta, Utc};
use payment::notice::{self, Notice};
use payment::{banks, vietqr};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How the bank behaves this time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Exact,
    Twice,
    WrongAmount,
    Late,
    BadSignature,
    LostAnswer,
}

impl Mode {
    pub const ALL: [Mode; 6] = [Mode::Exact, Mode::Twice, Mode::WrongAmount, Mode::Late, Mode::BadSignature, Mode::LostAnswer];

    pub fn key(self) -> &'static str {
        match self {
            Mode::Exact => "exact",
            Mode::Twice => "twice",
            Mode::WrongAmount => "wrong_amount",
            Mode::Late => "late",
            Mode::BadSignature => "bad_signature",
            Mode::LostAnswer => "lost_answer",
        }
    }
    pub fn from_key(key: &str) -> Option<Mode> {
        Mode::ALL.into_iter().find(|m| m.key() == key)
    }
    pub fn title(self) -> &'static str {
        match self {
            Mode::Exact => "Trả đúng",
            Mode::Twice => "Báo có hai lần",
            Mode::WrongAmount => "Trả thiếu 1.000 đ",
            Mode::Late => "Trả sau khi mã hết hạn",
            Mode::BadSignature => "Ký sai khóa",
            Mode::LostAnswer => "Mất trả lời, báo lại",
        }
    }
}

/// One message to Yba and what came back.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    pub at: DateTime<Utc>,
    pub mode: Mode,
    pub facility: String,
    pub transaction_id: String,
    pub amount: i64,
    pub content: String,
    /// HTTP status; 0 when the answer was lost.
    pub status: u16,
    pub answer: String,
}

/// The bank and its memory of the last fifty messages.
#[derive(Clone)]
pub struct Bank {
    server: String,
    clock: Clock,
    client: reqwest::Client,
    log: Arc<Mutex<VecDeque<Told>>>,
}

impl Bank {
    pub fn new(server: String, clock: Clock) -> Bank {
        Bank { clock, server: server.trim_end_matches('/').to_owned(), client: reqwest::Client::new(), log: Arc::default() }
    }

    /// Pays a code; gives every message in order, or the sentence why the code cannot be paid here.
    pub async fn pay(&self, qr: &str, mode: Mode) -> Result<Vec<Told>, String> {
        let code = vietqr::parse(qr.trim()).map_err(|refusal| refusal.text().to_owned())?;
        if !banks::by_bin(&code.bank_bin).is_some_and(|bank| bank.is_sandbox) {
            return Err("Mã này trỏ tới ngân hàng thật. Ngân hàng giả lập chỉ trả mã có BIN 999999.".into());
        }
        let facility = door_of(&code.account_no).ok_or("Số tài khoản không thuộc cơ sở nào của bản trình diễn.")?;
        let now = self.clock.now();
        let notice = Notice {
            transaction_id: format!("GL{}", uuid::Uuid::now_v7().simple()),
            account_no: code.account_no,
            amount: if mode == Mode::WrongAmount { (code.amount_vnd - 1000).max(1) } else { code.amount_vnd },
            content: format!("GLBANK.{}.CT TU KHACH THU", code.reference),
            paid_at: if mode == Mode::Late { now + GOOD_FOR + TimeDelta::minutes(1) } else { now },
        };
        let mut told = Vec::new();
        match mode {
            Mode::Twice => {
                told.push(self.tell(&facility, &notice, mode, SANDBOX_SECRET, true).await);
                told.push(self.tell(&facility, &notice, mode, SANDBOX_SECRET, true).await);
            }
            Mode::LostAnswer => {
                told.push(self.tell(&facility, &notice, mode, SANDBOX_SECRET, false).await);
                told.push(self.tell(&facility, &notice, mode, SANDBOX_SECRET, true).await);
            }
            Mode::BadSignature => told.push(self.tell(&facility, &notice, mode, "khoa cua nguoi khac, khong phai khoa that", true).await),
            Mode::Exact | Mode::WrongAmount | Mode::Late => {
                told.push(self.tell(&facility, &notice, mode, SANDBOX_SECRET, true).await);
            }
        }
        Ok(told)
    }

    /// Sends one signed message. Without `listens` the bank hangs up before it hears the answer.
    async fn tell(&self, facility: &str, notice: &Notice, mode: Mode, secret: &str, listens: bool) -> Told {
        let body = serde_json::to_vec(notice).unwrap_or_default();
        let at = self.clock.now();
        let request = self
            .client
            .post(format!("{}/api/bank/{facility}", self.server))
            .header("content-type", "application/json")
            .header(notice::TIMESTAMP_HEADER, at.timestamp().to_string())
            .header(notice::SIGNATURE_HEADER, notice::sign(secret.as_bytes(), at.timestamp(), &body))
            .body(body);
        let (status, answer) = match request.timeout(Duration::from_secs(10)).send().await {
            // The request has arrived; what is dropped here is only the answer.
            Ok(response) if !listens => {
                drop(response);
                (0, String::new())
            }
            Ok(response) => (response.status().as_u16(), response.text().await.unwrap_or_default()),
            Err(error) => (0, error.to_string()),
        };
        let told = Told {
            at,
            mode,
            facility: facility.trim_start_matches("webhook/").to_owned(),
            transaction_id: notice.transaction_id.clone(),
            amount: notice.amount,
            content: notice.content.clone(),
            status,
            answer,
        };
        tracing::info!(status, facility, mode = mode.key(), "the stand-in bank told of a transfer");
        if let Ok(mut log) = self.log.lock() {
            log.push_front(told.clone());
            log.truncate(50);
        }
        told
    }

    /// The last messages, newest first.
    pub fn log(&self) -> Vec<Told> {
        self.log.lock().map(|log| log.iter().cloned().collect()).unwrap_or_default()
    }
}

/// The door behind which the owner of an account of the stand-in bank listens: a demo facility, or the platform.
fn door_of(account: &str) -> Option<String> {
    if account == subscription::seed::SANDBOX_ACCOUNT {
        return Some("platform".into());
    }
    organization::seed::rows(include_str!("../../../catalogues/demo/facilities.tsv"))
        .find(|row| row.get("bank_account").is_some_and(|a| *a == account))
        .map(|row| format!("webhook/{}", row["code"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::ask::TransferRequest;

    fn qr(bin: &str, account: &str) -> String {
        vietqr::build(&TransferRequest {
            bank_bin: bin.into(),
            account_no: account.into(),
            amount_vnd: 65_540,
            reference: "YBA 261122 0047".into(),
        })
        .unwrap()
    }

    #[tokio::test]
    async fn only_codes_of_the_stand_in_bank_are_paid() {
        let bank = Bank::new("http://127.0.0.1:1".into(), Clock::system());
        assert!(bank.pay("nonsense", Mode::Exact).await.is_err());
        assert!(bank.pay(&qr("970436", "0841010000101"), Mode::Exact).await.unwrap_err().contains("ngân hàng thật"));
        assert!(bank.pay(&qr("999999", "123456"), Mode::Exact).await.is_err());
        let told = bank.pay(&qr("999999", "0841010000101"), Mode::Twice).await.unwrap();
        assert_eq!(told.iter().map(|t| t.status).collect::<Vec<_>>(), [0, 0], "nobody answers there");
        assert_eq!(bank.log().len(), 2);
    }

    #[test]
    fn every_mode_has_its_own_key() {
        for mode in Mode::ALL {
            assert_eq!(Mode::from_key(mode.key()), Some(mode));
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.key());
        }
    }
}
