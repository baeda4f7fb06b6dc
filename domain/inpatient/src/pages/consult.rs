//! Consultations of a stay: who meets about what, what each says, what is decided; the minutes go into the record.

use super::frame::Frame;
use super::{Pairs, field, minted, needed, read_moment, text, told};
use crate::paper;
use crate::store::consult::{self, Consult, Member, NewConsult};
use crate::store::people::{self, Colleague};
use crate::store::{order, stay};
use askama::Template;
use base::{EncounterId, Problem, Problems};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

/// Key and the word of the ministry's form.
const KINDS: [(&str, &str); 7] = [
    ("ward", "Hội chẩn khoa"),
    ("wards", "Liên khoa"),
    ("hospital", "Toàn viện"),
    ("hospitals", "Liên viện"),
    ("remote", "Từ xa"),
    ("before_operation", "Thông qua mổ"),
    ("starred_drug", "Thuốc dấu sao"),
];

struct Entry {
    row: Consult,
    kind: &'static str,
    at: String,
    chair: String,
    clerk: String,
    /// The minutes in the record, once concluded.
    minutes: String,
}

#[derive(Template)]
#[template(path = "consults.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    entries: Vec<Entry>,
    kinds: Vec<(String, String)>,
    staff: Vec<(String, String)>,
    id: Uuid,
    kind: String,
    at: String,
    place: String,
    question: String,
    summary: String,
    chair: String,
    clerk: String,
    chosen: Vec<String>,
    problems: Problems,
}

/// `GET /app/stays/{encounter}/consults`.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = page(&ctx, &mut tx, id, &Pairs::new(), Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, id: EncounterId, pairs: &Pairs, problems: Problems) -> Result<Page, Failure> {
    let frame = Frame::load(ctx, tx, id, "consults").await?;
    let staff = people::list(tx, ctx.today()).await?;
    let name = |id: Uuid| staff.iter().find(|s| s.practitioner_id == id).map(|s| s.name.clone()).unwrap_or_default();
    let rows = consult::list(tx, id).await?;
    let papers = if frame.may_read_record { crate::store::paper::list(tx, id).await? } else { Vec::new() };
    let minutes = |id: Uuid| papers.iter().find(|p| p.form == "bien_ban_hoi_chan" && p.about == id.to_string()).map(|p| format!("/app/documents/{}", p.document_id)).unwrap_or_default();
    let entries = rows
        .into_iter()
        .map(|row| Entry { kind: word(&row.kind), at: super::show_moment(row.at), chair: name(row.chair_id), clerk: name(row.clerk_id), minutes: minutes(row.consult_id), row })
        .collect();
    let summary = match field(pairs, "summary") {
        "" => order::list_sheets(tx, id, 3).await?.iter().rev().filter(|s| s.wrong_at.is_none()).map(|s| s.progress.clone()).collect::<Vec<_>>().join("\n"),
        typed => typed.to_owned(),
    };
    let or = |name: &str, otherwise: String| if pairs.is_empty() { otherwise } else { field(pairs, name).to_owned() };
    Ok(Page {
        shell: ctx.shell("Hội chẩn", &[("F8", "Lưu"), ("B", "Sơ đồ giường")]),
        kinds: KINDS.map(|(k, w)| (k.to_owned(), w.to_owned())).to_vec(),
        id: if pairs.is_empty() { Uuid::now_v7() } else { minted(pairs) },
        kind: or("kind", "ward".into()),
        at: or("at", paper::clock(ctx.now)),
        place: or("place", frame.stay.ward_name.clone()),
        question: or("question", String::new()),
        chair: or("chair", String::new()),
        clerk: or("clerk", String::new()),
        chosen: pairs.iter().filter(|(n, _)| n == "member").map(|(_, v)| v.clone()).collect(),
        staff: staff.into_iter().map(|s| (s.practitioner_id.to_string(), format!("{} · {}", s.name, s.position))).collect(),
        summary,
        entries,
        frame,
        problems,
    })
}

fn word(kind: &str) -> &'static str {
    KINDS.iter().find(|(k, _)| *k == kind).map_or("Hội chẩn", |(_, w)| *w)
}

/// `POST /app/stays/{encounter}/consults`: calls a consultation; the second click keeps one.
pub async fn call(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    match keep(&ctx, &mut tx, &stay, &pairs).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/stays/{id}/consults"))
        }
        Err(failure) => {
            let problems = told(failure)?;
            drop(tx);
            let mut tx = ctx.begin().await?;
            web::refused(page(&ctx, &mut tx, id, &pairs, problems).await?)
        }
    }
}

async fn keep(ctx: &Ctx, tx: &mut Tx, stay: &stay::Stay, pairs: &Pairs) -> Result<(), Failure> {
    stay.must_be_open()?;
    let mut problems = Problems::none();
    let question = needed(pairs, "question", 2000, "Chưa ghi yêu cầu hội chẩn.", &mut problems);
    let summary = text(pairs, "summary", 4000, &mut problems);
    let place = text(pairs, "place", 200, &mut problems);
    let kind = field(pairs, "kind");
    problems.add_if(!KINDS.iter().any(|(k, _)| *k == kind), "kind", "Chưa chọn hình thức hội chẩn.");
    let at = read_moment(field(pairs, "at"));
    problems.add_if(at.is_none(), "at", "Chưa ghi giờ hội chẩn.");
    let staff = people::list(tx, ctx.today()).await?;
    let known = |typed: &str| typed.parse::<Uuid>().ok().and_then(|id| staff.iter().find(|s| s.practitioner_id == id));
    let (chair, clerk) = (known(field(pairs, "chair")), known(field(pairs, "clerk")));
    problems.add_if(chair.is_none(), "chair", "Chưa chọn chủ tọa.");
    problems.add_if(clerk.is_none(), "clerk", "Chưa chọn thư ký.");
    let (Some(chair), Some(clerk), Some(at)) = (chair, clerk, at) else { return Err(problems.into()) };
    problems.add_if(chair.practitioner_id == clerk.practitioner_id, "clerk", "Chủ tọa và thư ký là hai người khác nhau.");
    let mut members = vec![member(chair), member(clerk)];
    for colleague in pairs.iter().filter(|(n, _)| n == "member").filter_map(|(_, v)| known(v)) {
        if !members.iter().any(|m| m.id == colleague.practitioner_id) {
            members.push(member(colleague));
        }
    }
    problems.add_if(members.len() > 30, "member", "Tối đa 30 thành viên.");
    problems.or(())?;
    let new = NewConsult { id: minted(pairs), kind, at, place: &place, question: &question, summary: &summary, chair: chair.practitioner_id, clerk: clerk.practitioner_id, members: &members };
    if consult::insert(tx, stay.encounter(), stay.patient(), &new).await? {
        tx.audit("call", "consultation", new.id, Some(stay.patient()), json!({ "members": members.len() }));
        stay::tell(tx, stay);
    }
    Ok(())
}

fn member(colleague: &Colleague) -> Member {
    Member { id: colleague.practitioner_id, name: colleague.name.clone(), position: colleague.position.clone(), opinion: String::new() }
}

/// `POST /app/stays/{encounter}/consults/{consult}/concluded`: opinions and conclusion; the minutes go into the record,
/// where clerk and chair sign them in order. A second time changes nothing.
pub async fn conclude(ctx: Ctx, Path((id, consult_id)): Path<(EncounterId, Uuid)>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    let mut held = consult::lock(&mut tx, id, consult_id).await?;
    if held.status == "concluded" {
        return web::redirect(format!("/app/stays/{id}/consults"));
    }
    let mut problems = Problems::none();
    let conclusion = needed(&pairs, "conclusion", 2000, "Chưa ghi chẩn đoán kết luận.", &mut problems);
    let plan = needed(&pairs, "plan", 4000, "Chưa ghi hướng điều trị.", &mut problems);
    for member in &mut held.members.0 {
        member.opinion = field(&pairs, &format!("opinion.{}", member.id)).chars().take(2000).collect();
    }
    let said = held.members.0.iter().filter(|m| !m.opinion.is_empty()).count();
    problems.add_if(said == 0, "opinion", "Chưa ghi ý kiến của thành viên nào.");
    if let Err(problems) = problems.or(()) {
        drop(tx);
        let mut tx = ctx.begin().await?;
        let first: Problem = problems.0.into_iter().next().unwrap_or_else(|| Problem::of("Biên bản chưa đủ."));
        return web::refused(page(&ctx, &mut tx, id, &Pairs::new(), Problem::of(first.text).into()).await?);
    }
    consult::conclude(&mut tx, consult_id, &held.members.0, &conclusion, &plan).await?;
    let of = |id: Uuid| held.members.0.iter().find(|m| m.id == id).map(|m| m.name.clone()).unwrap_or_default();
    let found = ctx.app.findings().of_encounter(&mut tx, id).await?;
    let results: Vec<String> = found.iter().filter(|f| f.abnormal || f.kind == "imaging").map(|f| format!("{}: {}", f.name, f.text)).collect();
    let people = |m: &Member| json!({ "ho_ten": m.name, "chuc_danh": m.position, "khoa_don_vi": m.position });
    let data = json!({
        "hoi_chan_luc": paper::clock(held.at),
        "dia_diem": held.place,
        "hinh_thuc": word(&held.kind),
        "yeu_cau_hoi_chan": held.question,
        "chu_toa": of(held.chair_id),
        "thu_ky": of(held.clerk_id),
        "thanh_phan": held.members.0.iter().map(people).collect::<Vec<Value>>(),
        "tom_tat_tien_su_benh_su": stay.reason,
        "tinh_trang_khi_vao_vien": stay.admit_diagnosis,
        "dien_bien_dieu_tri_da_lam": held.summary,
        "ket_qua_can_lam_sang": results.join("\n"),
        "chan_doan_hien_tai": stay.shown_diagnosis(),
        "y_kien_tung_thanh_vien": held.members.0.iter().filter(|m| !m.opinion.is_empty()).map(|m| json!({ "ho_ten": m.name, "y_kien": m.opinion })).collect::<Vec<Value>>(),
        "ket_luan_chan_doan": conclusion,
        "ket_luan_huong_dieu_tri": plan,
    });
    paper::write(&ctx, &mut tx, &stay, "bien_ban_hoi_chan", &consult_id.to_string(), data).await?;
    tx.audit("conclude", "consultation", consult_id, Some(stay.patient()), Value::Null);
    stay::tell(&mut tx, &stay);
    tx.commit().await?;
    web::redirect(format!("/app/stays/{id}/consults"))
}
