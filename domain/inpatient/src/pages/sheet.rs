//! The treatment sheet: what the doctor saw, thinks and orders, entry by entry.

use super::frame::Frame;
use super::{Pairs, field, minted, needed, text, told};
use crate::order::{self as rule, Line, Typed, show_hours};
use crate::paper;
use crate::stay::Step;
use crate::store::order::{self, NewSheet, Order, Sheet};
use crate::store::stay::{self, Stay};
use askama::Template;
use base::{EncounterId, Problem, Problems, local_date, show_date_long};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell, Tx};

/// At most so many lines in one entry; a longer one is two entries.
const MOST_LINES: usize = 40;

/// The shortest reason for a medicine against an allergy.
const SHORTEST_NOTE: usize = 10;

/// An entry with its lines, as the sheet prints them.
struct Entry {
    sheet: Sheet,
    hour: String,
    orders: Vec<Shown>,
}

/// A line as the sheet prints it.
struct Shown {
    order: Order,
    icon: &'static str,
    hours: String,
    quantity: String,
}

/// The entries of one day.
struct Day {
    title: String,
    entries: Vec<Entry>,
}

/// A line being written.
#[derive(Clone, Debug)]
pub(super) struct Row {
    n: usize,
    typed: Typed,
    kind: rule::Kind,
    problem: String,
}

#[derive(Template)]
#[template(path = "sheet.html")]
struct Page {
    shell: Shell,
    frame: Frame,
    days: Vec<Day>,
    id: Uuid,
    progress: String,
    diagnosis: String,
    care_level: String,
    diet: String,
    advice: String,
    rows: Vec<Row>,
    active: Vec<Shown>,
    levels: Vec<(String, String)>,
    problems: Problems,
    is_writing: bool,
}

/// Whether the form is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    write: String,
}

/// `GET /app/stays/{encounter}`.
pub async fn show(ctx: Ctx, Path(id): Path<EncounterId>, Query(asked): Query<Asked>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = page(&ctx, &mut tx, id, &Pairs::new(), Vec::new(), Problems::none(), asked.write == "1").await?;
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, id: EncounterId, pairs: &Pairs, rows: Vec<Row>, problems: Problems, is_writing: bool) -> Result<Page, Failure> {
    let frame = Frame::load(ctx, tx, id, "sheet").await?;
    let sheets = order::list_sheets(tx, id, 200).await?;
    let orders = order::list_orders(tx, id).await?;
    let active = orders.iter().filter(|o| o.stopped_at.is_none() && o.open > 0).cloned().map(shown).collect();
    let mut days: Vec<Day> = Vec::new();
    let first = sheets.is_empty();
    for sheet in sheets {
        let title = show_date_long(local_date(sheet.at));
        let entry = Entry {
            hour: base::show_time(sheet.at),
            orders: orders.iter().filter(|o| o.sheet_id == sheet.sheet_id).cloned().map(shown).collect(),
            sheet,
        };
        match days.last_mut() {
            Some(day) if day.title == title => day.entries.push(entry),
            _ => days.push(Day { title, entries: vec![entry] }),
        }
    }
    let or = |name: &str, otherwise: &str| if pairs.is_empty() { otherwise.to_owned() } else { field(pairs, name).to_owned() };
    Ok(Page {
        shell: ctx.shell("Tờ điều trị", &[("F5", "Ghi tờ điều trị"), ("F4", "Lấy y lệnh cũ"), ("F8", "Lưu"), ("B", "Sơ đồ giường")]),
        days,
        id: if pairs.is_empty() { Uuid::now_v7() } else { minted(pairs) },
        progress: or("progress", ""),
        diagnosis: or("diagnosis", frame.stay.shown_diagnosis()),
        care_level: or("care_level", &frame.stay.care_level.unwrap_or(3).to_string()),
        diet: or("diet", if frame.stay.diet.is_empty() { "Cơm thường" } else { &frame.stay.diet }),
        advice: or("advice", ""),
        is_writing: is_writing || (first && frame.may_write),
        rows,
        active,
        levels: [("1", "Cấp 1"), ("2", "Cấp 2"), ("3", "Cấp 3")].map(|(k, w)| (k.to_owned(), w.to_owned())).to_vec(),
        frame,
        problems,
    })
}

fn shown(order: Order) -> Shown {
    Shown {
        icon: rule::Kind::from_key(&order.kind).unwrap_or(rule::Kind::Care).icon(),
        hours: show_hours(&order.hours),
        quantity: if order.quantity_milli > 0 { format!("{} {}", rule::show_quantity(order.quantity_milli), order.unit) } else { String::new() },
        order,
    }
}

/// Which line is asked for: a medicine by its id, anything by name, or the running orders again.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LineAsked {
    drug: String,
    kind: String,
    again: String,
    n: String,
}

#[derive(Template)]
#[template(path = "sheet_rows.html")]
struct Rows {
    rows: Vec<Row>,
}

/// `GET /app/stays/{encounter}/lines?drug=&kind=&again=`: empty lines to fill, as a piece of the form.
pub async fn lines(ctx: Ctx, Path(id): Path<EncounterId>, Query(asked): Query<LineAsked>) -> Answer {
    let mut tx = ctx.begin().await?;
    stay::get(&mut tx, id).await?;
    // Numbers that no other line of the page has: the clock's last digits and the place in this answer.
    let base: usize = asked.n.parse().unwrap_or(0);
    let start = base.max((ctx.now.timestamp_millis() % 100_000_000) as usize);
    let typed: Vec<(rule::Kind, Typed)> = if asked.again == "1" {
        let running = order::list_orders(&mut tx, id).await?;
        let today = ctx.today();
        let last = running.iter().map(|o| o.from_day).max().unwrap_or(today);
        running.into_iter().filter(|o| o.stopped_at.is_none() && o.from_day == last).map(|o| (rule::Kind::from_key(&o.kind).unwrap_or(rule::Kind::Care), again(&o))).collect()
    } else {
        let mut typed = Typed { id: Uuid::now_v7().to_string(), hours: "8h".into(), days: "1".into(), ..Typed::default() };
        let mut kind = rule::Kind::from_key(&asked.kind).unwrap_or(rule::Kind::Drug);
        if let Ok(drug) = asked.drug.parse::<Uuid>() {
            let names = order::drug_names(&mut tx, &[drug]).await?;
            let drug = names.into_iter().next().ok_or(Failure::NotFound)?;
            if drug.route.contains("truyền") || drug.unit == "chai" || drug.unit == "túi" {
                kind = rule::Kind::Infusion;
            }
            typed.drug = drug.id.to_string();
            typed.name = drug.name;
            typed.route = drug.route;
            typed.quantity = "1".into();
            typed.dose = format!("1 {}", drug.unit);
            typed.hours = "8h, 20h".into();
        }
        vec![(kind, typed)]
    };
    let rows = typed.into_iter().enumerate().map(|(at, (kind, typed))| Row { n: start + at, typed, kind, problem: String::new() }).collect();
    web::html(Rows { rows })
}

fn again(order: &Order) -> Typed {
    Typed {
        id: Uuid::now_v7().to_string(),
        kind: order.kind.clone(),
        drug: order.drug_id.map(|d| d.to_string()).unwrap_or_default(),
        name: order.name.clone(),
        dose: order.dose.clone(),
        route: order.route.clone(),
        quantity: if order.quantity_milli > 0 { rule::show_quantity(order.quantity_milli) } else { String::new() },
        hours: show_hours(&order.hours),
        days: "1".into(),
        note: order.note.clone(),
    }
}

/// The lines that a form brought, by their number, in the order of the page.
fn typed_lines(pairs: &Pairs) -> Vec<(usize, Typed)> {
    let mut lines: Vec<(usize, Typed)> = Vec::new();
    for (name, value) in pairs {
        let Some((n, part)) = name.strip_prefix("line.").and_then(|rest| rest.split_once('.')) else { continue };
        let Ok(n) = n.parse::<usize>() else { continue };
        let at = lines.iter().position(|(known, _)| *known == n).unwrap_or_else(|| {
            lines.push((n, Typed::default()));
            lines.len() - 1
        });
        let line = &mut lines[at].1;
        let slot = match part {
            "id" => &mut line.id,
            "kind" => &mut line.kind,
            "drug" => &mut line.drug,
            "name" => &mut line.name,
            "dose" => &mut line.dose,
            "route" => &mut line.route,
            "quantity" => &mut line.quantity,
            "hours" => &mut line.hours,
            "days" => &mut line.days,
            "note" => &mut line.note,
            _ => continue,
        };
        *slot = value.trim().to_owned();
    }
    lines.retain(|(_, l)| !(l.name.is_empty() && l.drug.is_empty() && l.dose.is_empty() && l.note.is_empty()));
    lines
}

/// `POST /app/stays/{encounter}/sheets`: keeps an entry with its orders and makes the nurse's times from them. The same
/// entry twice is kept once.
pub async fn write(ctx: Ctx, Path(id): Path<EncounterId>, Form(pairs): Form<Pairs>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    let typed = typed_lines(&pairs);
    match keep(&ctx, &mut tx, &stay, &pairs, &typed).await {
        Ok(()) => {
            web::draft::forget(&mut tx, &format!("sheet-{id}")).await?;
            tx.commit().await?;
            web::redirect(format!("/app/stays/{id}"))
        }
        Err(failure) => {
            let problems = told(failure)?;
            drop(tx);
            let mut tx = ctx.begin().await?;
            let rows = typed
                .into_iter()
                .map(|(n, typed)| Row {
                    kind: rule::Kind::from_key(&typed.kind).unwrap_or(rule::Kind::Drug),
                    problem: problems.0.iter().filter(|p| p.field.starts_with(&format!("line.{n}."))).map(|p| p.text.as_ref()).collect::<Vec<_>>().join(" "),
                    typed,
                    n,
                })
                .collect();
            let page = page(&ctx, &mut tx, id, &pairs, rows, problems, true).await?;
            web::refused(page)
        }
    }
}

async fn keep(ctx: &Ctx, tx: &mut Tx, stay: &Stay, pairs: &Pairs, typed: &[(usize, Typed)]) -> Result<(), Failure> {
    stay.must_be_open()?;
    let mut problems = Problems::none();
    let progress = needed(pairs, "progress", 4000, "Chưa ghi diễn biến bệnh.", &mut problems);
    let diagnosis = text(pairs, "diagnosis", 500, &mut problems);
    let diet = text(pairs, "diet", 200, &mut problems);
    let advice = text(pairs, "advice", 2000, &mut problems);
    let care_level: i32 = field(pairs, "care_level").parse().unwrap_or(0);
    problems.add_if(!(1..=3).contains(&care_level), "care_level", "Chọn chế độ chăm sóc cấp 1, 2 hoặc 3.");
    problems.add_if(typed.len() > MOST_LINES, "", format!("Một lần ghi tối đa {MOST_LINES} y lệnh. Chia thành hai lần ghi."));
    let drugs: Vec<Uuid> = typed.iter().filter_map(|(_, l)| l.drug.parse().ok()).collect();
    let names = order::drug_names(tx, &drugs).await?;
    let lines: Vec<Line> = typed
        .iter()
        .take(MOST_LINES)
        .filter_map(|(n, line)| rule::check(line, *n, names.iter().find(|d| d.id.to_string() == line.drug), &mut problems))
        .collect();
    // An allergy stops the line; who orders all the same says why in the note, and the note goes to the nurse.
    for hit in order::against(tx, stay.patient(), &drugs).await? {
        for (n, line) in typed.iter().filter(|(_, l)| l.drug == hit.drug.to_string() && l.note.chars().count() < SHORTEST_NOTE) {
            let group = if hit.group.is_empty() { String::new() } else { format!(" (cùng nhóm {})", hit.group) };
            let text = format!("Người bệnh dị ứng {}{group}. Đổi thuốc khác, hoặc ghi lý do vẫn dùng vào ô ghi chú của {}.", hit.allergy, line.name);
            problems.add(format!("line.{n}.note"), text);
        }
    }
    problems.or(())?;
    if stay.step() == Step::Leaving && !lines.is_empty() {
        return Err(Problem::of("Người bệnh đang làm thủ tục ra viện nên không ra y lệnh mới. Bấm “Ở lại điều trị” ở tờ Ra viện trước.").into());
    }
    let id = minted(pairs);
    let new = NewSheet { id, progress: &progress, diagnosis: &diagnosis, care_level, diet: &diet, advice: &advice };
    if !order::insert_sheet(tx, stay.encounter(), stay.patient(), stay.ward(), &new).await? {
        return Ok(());
    }
    order::insert_orders(tx, stay.encounter(), stay.patient(), id, &lines).await?;
    stay::set_course(tx, stay.encounter(), &diagnosis, care_level, &diet).await?;
    if let (None, Some(me)) = (stay.doctor_id, ctx.actor.practitioner)
        && ctx.actor.has_role("doctor")
    {
        stay::set_doctor(tx, stay.encounter(), me.0, &ctx.actor.name).await?;
    }
    write_paper(ctx, tx, stay).await?;
    tx.audit("write", "treatment-sheet", id, Some(stay.patient()), json!({ "orders": lines.len() }));
    stay::tell(tx, stay);
    Ok(())
}

/// The sheet of the day as form 36/BV2: one paper a day, growing with each entry until it is signed.
async fn write_paper(ctx: &Ctx, tx: &mut Tx, stay: &Stay) -> Result<(), Failure> {
    let day = ctx.today();
    let paper = paper::day_sheet(ctx, tx, stay, "36/BV2", day).await?;
    let sheets = order::list_sheets(tx, stay.encounter(), 60).await?;
    let orders = order::list_orders(tx, stay.encounter()).await?;
    let of_day: Vec<&Sheet> = sheets.iter().rev().filter(|s| s.wrong_at.is_none() && local_date(s.at) == day && paper.since.is_none_or(|since| s.at > since)).collect();
    match form_36(stay, &of_day, &orders, paper.number) {
        Some(data) => paper::put(ctx.app.records(), tx, stay, "36/BV2", paper.document, data).await,
        None => Ok(()),
    }
}

/// The fields of form 36/BV2 from entries of one day, oldest first; `None` without entries.
pub fn form_36(stay: &Stay, of_day: &[&Sheet], orders: &[Order], number: i64) -> Option<Value> {
    let last = of_day.last()?;
    let words = |o: &Order| {
        let parts = [if o.stopped_at.is_some() { "[ngừng]" } else { "" }, &o.name, &o.dose, &o.route].map(str::to_owned);
        format!("{} ({})", parts.into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" "), show_hours(&o.hours))
    };
    let rows: Vec<Value> = of_day
        .iter()
        .map(|s| {
            let lines = orders.iter().filter(|o| o.sheet_id == s.sheet_id).map(words);
            let also = [format!("Chăm sóc cấp {}", s.care_level), s.diet.clone(), s.advice.clone()];
            let y_lenh: Vec<String> = lines.chain(also.into_iter().filter(|w| !w.is_empty())).collect();
            json!({ "ngay_gio": paper::clock(s.at), "dien_bien_benh": format!("{}\n{}", s.progress, s.by_name), "y_lenh_dieu_tri": y_lenh.join("\n") })
        })
        .collect();
    let drugs: Vec<Value> = orders
        .iter()
        .filter(|o| o.drug_id.is_some() && of_day.iter().any(|s| s.sheet_id == o.sheet_id))
        .map(|o| {
            json!({
                "ten_thuoc": o.name,
                "so_luong": format!("{} {}", rule::show_quantity(o.quantity_milli * o.hours.len() as i64), o.unit),
                "lieu_dung": format!("{} × {} lần/ngày", o.dose, o.hours.len()),
                "duong_dung": o.route,
                "thoi_diem": show_hours(&o.hours),
                "so_ngay": o.days,
            })
        })
        .collect();
    let data = json!({
        "to_so": number,
        "bang_dieu_tri": rows,
        "y_lenh_thuoc": drugs,
        "che_do_cham_soc": format!("Cấp {}", last.care_level),
        "che_do_an": last.diet,
        "theo_doi": last.advice,
    });
    Some(paper::joined(paper::head(stay), data))
}

/// A reason, for what is taken back or stopped.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReasonForm {
    pub reason: String,
}

/// `POST /app/stays/{encounter}/orders/{order}/stopped`: the open times of the order go, what was done stays.
pub async fn stop(ctx: Ctx, Path((id, order_id)): Path<(EncounterId, Uuid)>, Form(form): Form<ReasonForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    let reason = form.reason.trim();
    let reason = if reason.is_empty() { "Ngừng theo chỉ định" } else { reason };
    if reason.chars().count() > 500 {
        return Err(Problem::at("reason", "Lý do tối đa 500 ký tự.").into());
    }
    if order::stop(&mut tx, id, order_id, reason).await? {
        tx.audit("stop", "ward-order", order_id, Some(stay.patient()), Value::Null);
        stay::tell(&mut tx, &stay);
        tx.commit().await?;
    }
    web::redirect(format!("/app/stays/{id}"))
}

/// `POST /app/stays/{encounter}/sheets/{sheet}/wrong`: marks an entry as entered in error; its open orders stop with it.
pub async fn mark_wrong(ctx: Ctx, Path((id, sheet)): Path<(EncounterId, Uuid)>, Form(form): Form<ReasonForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    let sheets = order::list_sheets(&mut tx, id, 1000).await?;
    let entry = sheets.iter().find(|s| s.sheet_id == sheet).ok_or(Failure::NotFound)?;
    if entry.wrong_at.is_some() {
        return web::redirect(format!("/app/stays/{id}"));
    }
    let reason = form.reason.trim();
    if reason.chars().count() < 5 || reason.chars().count() > 500 {
        return Err(Problem::at("reason", "Ghi lý do từ 5 đến 500 ký tự, ví dụ “ghi nhầm người bệnh”.").into());
    }
    order::mark_wrong(&mut tx, id, sheet, reason).await?;
    for line in order::list_orders(&mut tx, id).await?.into_iter().filter(|o| o.sheet_id == sheet && o.stopped_at.is_none()) {
        order::stop(&mut tx, id, line.order_id, "Tờ điều trị ghi nhầm").await?;
    }
    tx.audit("wrong", "treatment-sheet", sheet, Some(stay.patient()), Value::Null);
    stay::tell(&mut tx, &stay);
    tx.commit().await?;
    web::redirect(format!("/app/stays/{id}"))
}
