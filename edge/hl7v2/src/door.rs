//! One message from bytes to answer: character set, syntax, sender, meaning, and then the inbox. Whatever goes wrong, the
//! bytes are kept and the sender reads why.

use crate::ack::{self, Answer};
use crate::meaning::{self, Refusal};
use crate::message::{self, Head, Message};
use crate::{charset, mllp::Piece};
use base::FacilityId;
use exchange::command::{Delivery, Door, State};
use exchange::inbox::{self, Unreadable};
use exchange::partner::{self, Partner};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;
use web::{App, Failure};

/// The answer to one piece of the stream; `None` where nobody waits for one (a message that broke off).
pub async fn answer(app: &App, piece: Piece, remote: &str) -> Option<Vec<u8>> {
    let now = app.clock.now();
    let (raw, whole) = match &piece {
        Piece::Message(raw) => (raw, true),
        Piece::Cut(raw) | Piece::TooLarge(raw) => (raw, false),
    };
    let head = message::head(raw).unwrap_or_default();
    let result = match &piece {
        Piece::Message(_) => take(app, &head, raw, remote).await,
        Piece::TooLarge(_) => {
            let words = ("Thông điệp lớn hơn 5 MB. Tách tài liệu ra nhiều thông điệp.", "Message larger than 5 MB");
            refuse(app, &head, raw, remote, "AR", "102", "", words).await
        }
        Piece::Cut(_) => {
            let words = ("Thông điệp bị cắt giữa chừng khi truyền. Bên gửi cần gửi lại.", "Message was cut off in transmission");
            refuse(app, &head, raw, remote, "AE", "100", "", words).await
        }
    };
    let answer = result.unwrap_or_else(|failure| {
        // Nothing was kept: the sender has to come again.
        tracing::error!(?failure, remote, "a message could not be kept");
        Answer {
            code: "AE",
            error: "207",
            words: "Hệ thống đang bận, thông điệp chưa được giữ. Gửi lại sau ít phút.".into(),
            words_en: "Not stored; send again later".into(),
            id: Uuid::now_v7().simple().to_string(),
            ..Answer::default()
        }
    });
    let is_cut = !whole && matches!(piece, Piece::Cut(_));
    (!is_cut).then(|| ack::write(&head, &answer, now))
}

async fn take(app: &App, head: &Head, raw: &[u8], remote: &str) -> Result<Answer, Failure> {
    let message = match read(head, raw) {
        Ok(message) => message,
        Err((code, words, words_en)) => return refuse(app, head, raw, remote, "AE", code, "", (&words, &words_en)).await,
    };
    if head.control_id.is_empty() {
        return refuse(app, head, raw, remote, "AE", "101", "MSH^1^10", ("Thiếu số thông điệp (MSH-10). Mỗi thông điệp cần một số riêng.", "Required: control id in MSH-10")).await;
    }
    let application = message.get("MSH", 3, 1);
    let found = partner::find(app, Door::Hl7, &application, &message.get("MSH", 4, 1), &message.get("MSH", 6, 1)).await?;
    let Some(partner) = found else {
        let words = format!("Hệ thống gửi {application} chưa được khai báo ở cơ sở nhận. Khai báo ở mục Đơn vị gửi rồi gửi lại.");
        return refuse(app, head, raw, remote, "AR", "204", "MSH^1^3", (&words, "Sending application is not known to the receiving facility")).await;
    };
    let (content, sent_at) = match meaning::read(&message) {
        Ok(read) => read,
        Err(Refusal { answer, code, place, words, words_en }) => {
            return kept(app, partner.facility, Some(&partner), head, raw, answer, code, &place, (&words, &words_en)).await;
        }
    };
    let delivery = Delivery {
        partner: partner.id,
        door: Door::Hl7,
        kind: format!("{}^{}", head.kind, head.trigger),
        control_id: message.get("MSH", 10, 1).chars().take(200).collect(),
        raw: raw.to_vec(),
        sent_at,
        content,
    };
    let receipt = inbox::take(app, &partner, delivery, app.clock.now()).await?;
    let id = answer_id(receipt.message);
    Ok(match receipt.state {
        state if state.is_taken() => {
            let words_en = if state == State::Applied { "Applied".to_owned() } else { receipt.words_en };
            Answer { code: "AA", words: receipt.words, words_en, id, ..Answer::default() }
        }
        State::Discarded => Answer {
            code: "AE",
            error: "207",
            words: "Thông điệp này đã được nhân viên quyết định không ghi.".into(),
            words_en: "Discarded by the receiving facility".into(),
            id,
            ..Answer::default()
        },
        _ => Answer { code: "AE", error: "207", words: receipt.words, words_en: receipt.words_en, id, ..Answer::default() },
    })
}

type Why = (&'static str, String, String);

fn read(head: &Head, raw: &[u8]) -> Result<Message, Why> {
    let text = charset::decode(raw, &head.charset).map_err(|wrong| ("102", wrong.words, wrong.words_en))?;
    // PostgreSQL keeps no U+0000, and nobody can mean it.
    if text.contains('\0') {
        return Err(("102", "Thông điệp chứa ký tự rỗng (0x00). Kiểm tra cách xuất chữ ở bên gửi.".into(), "Message contains NUL characters".into()));
    }
    message::parse(&text).map_err(|unreadable| ("100", unreadable.words, unreadable.words_en))
}

/// Keeps what cannot be taken: with the partner, else with the facility that it names, else apart.
#[allow(clippy::too_many_arguments)]
async fn refuse(app: &App, head: &Head, raw: &[u8], remote: &str, answer: &'static str, code: &'static str, place: &str, words: (&str, &str)) -> Result<Answer, Failure> {
    if let Some(partner) = partner::find(app, Door::Hl7, &head.application, &head.facility, &head.receiving_facility).await? {
        return kept(app, partner.facility, Some(&partner), head, raw, answer, code, place, words).await;
    }
    if let Some(facility) = partner::facility_called(app, &head.receiving_facility).await? {
        return kept(app, facility, None, head, raw, answer, code, place, words).await;
    }
    if !raw.is_empty() {
        inbox::keep_stray(app, Door::Hl7, remote, words.0, raw, app.clock.now()).await?;
    }
    let id = hex::encode(&Sha256::digest(raw)[..10]);
    Ok(Answer { code: answer, error: code, place: place.to_owned(), words: words.0.to_owned(), words_en: words.1.to_owned(), id })
}

#[allow(clippy::too_many_arguments)]
async fn kept(
    app: &App,
    facility: FacilityId,
    partner: Option<&Arc<Partner>>,
    head: &Head,
    raw: &[u8],
    answer: &'static str,
    code: &'static str,
    place: &str,
    words: (&str, &str),
) -> Result<Answer, Failure> {
    let kind = if head.kind.is_empty() { "?".to_owned() } else { format!("{}^{}", head.kind, head.trigger) };
    let bad = Unreadable { door: Door::Hl7, control_id: &head.control_id, kind: &kind, raw, words: words.0, words_en: words.1 };
    inbox::refuse(app, facility, partner.map(|p| &**p), &bad, app.clock.now()).await?;
    // The same bytes get the same answer.
    let id = hex::encode(&Sha256::digest(raw)[..10]);
    Ok(Answer { code: answer, error: code, place: place.to_owned(), words: words.0.to_owned(), words_en: words.1.to_owned(), id })
}

/// MSH-10 of an answer: twenty characters that follow from the message, so that a repeated message gets the same answer.
fn answer_id(message: Uuid) -> String {
    message.simple().to_string()[12..].to_owned()
}
