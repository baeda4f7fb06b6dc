//! The bed map of a ward, live for everybody who looks at it, with one patient opened beside it.

use crate::bed::State;
use crate::store::bed::{self, OnMap, Ward};
use crate::store::order::{self, Task};
use crate::store::stay::{self, Place, Stay, Which};
use askama::Template;
use base::{Age, BedId, EncounterId, Problem, Problems, RoomId, local_date};
use chrono::TimeDelta;
use encounter::pages::banner::sex_word;
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Query, Shell, Tx};

/// Which patient stands beside the map.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Beside {
    stay: String,
    view: String,
}

/// A bed as it is drawn.
pub(super) struct Tile {
    pub bed: OnMap,
    pub state: State,
    pub facts: String,
    pub class: String,
    pub since: i64,
    pub is_leaving: bool,
    pub is_open: bool,
    pub score: String,
}

/// A chamber with its beds.
pub(super) struct Chamber {
    pub name: String,
    pub tiles: Vec<Tile>,
}

/// The patient beside the map.
struct Open {
    stay: Stay,
    facts: String,
    spine: u8,
    allergies: Vec<String>,
    tasks: Vec<Task>,
    places: Vec<Place>,
    day: i64,
    came: String,
}

#[derive(Template)]
#[template(path = "ward_map.html")]
struct Page {
    shell: Shell,
    ward: Ward,
    chambers: Vec<Chamber>,
    waiting: Vec<Stay>,
    coming: Vec<Stay>,
    critical: usize,
    open: Option<Open>,
    free: Vec<bed::FreeBed>,
    wards: Vec<(String, String)>,
    problems: Problems,
    may_nurse: bool,
    may_admit: bool,
    may_manage: bool,
    is_list: bool,
    query: String,
}

/// `GET /app/wards/{ward}?stay=`.
pub async fn show(ctx: Ctx, Path(ward): Path<RoomId>, Query(beside): Query<Beside>) -> Answer {
    let mut tx = ctx.begin().await?;
    let page = page(&ctx, &mut tx, ward, &beside, Problems::none()).await?;
    tx.commit().await?;
    web::html(page)
}

async fn page(ctx: &Ctx, tx: &mut Tx, ward: RoomId, beside: &Beside, problems: Problems) -> Result<Page, Failure> {
    let wards = bed::list_wards(tx, None, ctx.today()).await?;
    let Some(place) = wards.iter().position(|w| w.ward_id == ward.0) else { return Err(Failure::NotFound) };
    let others = wards.iter().filter(|w| w.ward_id != ward.0).map(|w| (w.ward_id.to_string(), format!("{} ({} trống)", w.name, w.free()))).collect();
    let beds = bed::list_map(tx, ward).await?;
    let waiting = stay::list(tx, ward, Which::Waiting).await?;
    let coming = stay::list(tx, ward, Which::Coming).await?;
    // Asked for: that one; otherwise the most worrying patient, so that the column is never empty for nothing.
    let wanted: Option<Uuid> = beside.stay.parse().ok();
    let chosen = wanted.or_else(|| {
        let taken = beds.iter().filter(|b| b.encounter_id.is_some());
        taken.max_by_key(|b| (b.score_total.unwrap_or(0), b.overdue)).and_then(|b| b.encounter_id)
    });
    let open = match chosen {
        Some(id) => Some(open(ctx, tx, EncounterId(id)).await?),
        None => None,
    };
    let free = match &open {
        Some(open) if open.stay.step().is_open() && open.stay.ward() == ward => bed::list_free(tx, ward, Some(open.stay.encounter())).await?,
        _ => Vec::new(),
    };
    let critical = beds.iter().filter(|b| b.is_alarm).count();
    let here = open.as_ref().map(|o| o.stay.encounter_id);
    Ok(Page {
        shell: ctx.shell("Sơ đồ giường", &[("↑+↓", "Chọn giường"), ("Enter", "Tờ điều trị"), ("B", "Đi buồng"), ("F5", "Nhận vào khoa")]),
        chambers: chambers(ctx, beds, here),
        ward: wards.into_iter().nth(place).ok_or(Failure::NotFound)?,
        waiting,
        coming,
        critical,
        open,
        free,
        wards: others,
        problems,
        may_nurse: ctx.may("ward.nurse"),
        may_admit: ctx.may("ward.admit"),
        may_manage: ctx.may("ward.manage"),
        is_list: beside.view == "list",
        query: here.map(|id| format!("?stay={id}")).unwrap_or_default(),
    })
}

fn chambers(ctx: &Ctx, beds: Vec<OnMap>, here: Option<Uuid>) -> Vec<Chamber> {
    let mut chambers: Vec<Chamber> = Vec::new();
    for bed in beds {
        let tile = tile(ctx, bed, here);
        match chambers.last_mut() {
            Some(last) if last.name == tile.bed.chamber => last.tiles.push(tile),
            _ => chambers.push(Chamber { name: tile.bed.chamber.clone(), tiles: vec![tile] }),
        }
    }
    chambers
}

fn tile(ctx: &Ctx, bed: OnMap, here: Option<Uuid>) -> Tile {
    let state = bed.state(ctx.now);
    let age = bed.birth_date.map(|birth| short_age(Age::on(birth, ctx.today()))).unwrap_or_default();
    let day = bed.admitted_at.map_or(0, |at| crate::stay::day_number(local_date(at), ctx.today()));
    let is_leaving = bed.step.as_deref() == Some("leaving") || bed.leave_on.is_some_and(|on| on <= ctx.today());
    let words = [age, bed.diagnosis.clone().unwrap_or_default(), if day > 0 { format!("N{day}") } else { String::new() }];
    let class = match state {
        State::Taken if bed.is_alarm => "bed critical",
        State::Taken if bed.care_level == Some(1) => "bed level1",
        State::Taken => "bed taken",
        State::Held => "bed held",
        State::Cleaning => "bed cleaning",
        State::Free => "bed free",
    };
    let score = match (&bed.score_name, bed.score_total) {
        (Some(name), Some(total)) if bed.is_alarm && !name.is_empty() => format!("{name} {total}"),
        _ => String::new(),
    };
    Tile {
        facts: words.into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" · "),
        class: class.into(),
        since: match state {
            State::Cleaning => bed.cleaning_since.map_or(0, |since| (ctx.now - since).num_minutes().max(0)),
            State::Held => bed.held_until.map_or(0, |until| (until - ctx.now).num_minutes().max(0)),
            _ => 0,
        },
        is_open: here.is_some() && here == bed.encounter_id,
        is_leaving,
        score,
        state,
        bed,
    }
}

/// `41t`, `8 tháng`.
fn short_age(age: Age) -> String {
    if age.months < 72 { age.to_string() } else { format!("{}t", age.years) }
}

async fn open(ctx: &Ctx, tx: &mut Tx, id: EncounterId) -> Result<Open, Failure> {
    let stay = stay::get(tx, id).await?;
    let morning = base::dates::start_of_day(ctx.today());
    let tasks = order::list_tasks(tx, id, morning, morning + TimeDelta::days(1)).await?;
    let places = stay::list_places(tx, id).await?;
    let (person, allergies): (Uuid, Vec<String>) = sqlx::query_as(db::sql!(
        "SELECT p.person_id, coalesce(array_agg(a.substance ORDER BY a.recorded_at) FILTER (WHERE a.substance IS NOT NULL), '{}')
         FROM patient_patient p LEFT JOIN patient_allergy a ON a.facility_id = p.facility_id AND a.patient_id = p.patient_id AND a.ended_at IS NULL
         WHERE p.facility_id = $1 AND p.patient_id = $2 GROUP BY p.person_id"
    ))
    .bind(tx.facility().0)
    .bind(stay.patient_id)
    .fetch_one(tx.conn())
    .await?;
    tx.audit("read", "stay", stay.encounter_id, Some(stay.patient()), serde_json::json!({ "sheet": "map" }));
    Ok(Open {
        facts: format!("{} · {} · giường {}", sex_word(&stay.sex), Age::on(stay.birth_date, ctx.today()), stay.bed()),
        spine: base::PersonId(person).spine(),
        allergies,
        day: crate::stay::day_number(local_date(stay.admitted_at), ctx.today()),
        came: format!("{} {}", super::show_moment(stay.admitted_at), stay.came_from().name()),
        tasks: tasks.into_iter().filter(|t| t.status != "cancelled" && t.status != "wrong").collect(),
        places,
        stay,
    })
}

/// A bed chosen for a patient, with an id that makes a second click the same act.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BedForm {
    pub bed: String,
}

/// `POST /app/stays/{encounter}/bed`: lays the patient in a bed of the ward, or in another one. The same bed again changes
/// nothing.
pub async fn lay(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<BedForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let mut stay = stay::lock(&mut tx, id).await?;
    let ward = stay.ward();
    match put(&mut tx, &mut stay, &form.bed).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect(format!("/app/wards/{ward}?stay={id}"))
        }
        Err(failure) => {
            let problems = super::told(failure)?;
            // What the database refused ended that transaction: the page needs a fresh one.
            drop(tx);
            let mut tx = ctx.begin().await?;
            let beside = Beside { stay: id.to_string(), ..Beside::default() };
            let page = page(&ctx, &mut tx, ward, &beside, problems).await?;
            tx.commit().await?;
            web::refused(page)
        }
    }
}

/// Lays a locked stay in the bed with this typed id.
pub async fn put(tx: &mut Tx, stay: &mut Stay, typed: &str) -> Result<(), Failure> {
    let bed: BedId = typed.trim().parse().map_err(|_| Problem::at("bed", "Chưa chọn giường."))?;
    if stay.bed_id == Some(bed.0) {
        return Ok(());
    }
    let bed = match bed::lock(tx, bed).await {
        Err(sqlx::Error::RowNotFound) => return Err(Failure::NotFound),
        found => found?,
    };
    if bed.ward_id != stay.ward_id {
        return Err(Problem::at("bed", "Giường này thuộc khoa khác. Làm thủ tục chuyển khoa trước.").into());
    }
    let to = crate::stay::after(stay.step(), crate::stay::Act::Bed, stay.bed_id.is_some())?;
    let is_held = bed.held_until.is_some_and(|until| until > tx.now);
    let state = crate::bed::state(bed.is_taken, is_held, bed.cleaning_since.is_some());
    crate::bed::may_lie(state, bed.is_shared, bed.held_for == Some(stay.encounter_id), &bed.code)?;
    bed::leave(tx, stay.encounter(), tx.now).await?;
    bed::lie(tx, Uuid::now_v7(), &bed, stay.encounter(), stay.patient()).await?;
    stay::step(tx, stay, to, crate::stay::Act::Bed, &format!("{} · giường {}", bed.chamber, bed.code)).await?;
    stay.bed_id = Some(bed.bed_id);
    tx.audit("bed", "stay", stay.encounter_id, Some(stay.patient()), serde_json::json!({ "bed": bed.bed_id }));
    Ok(())
}

/// `POST /app/beds/{bed}/clean`: the bed is ready for the next.
pub async fn clean(ctx: Ctx, Path(id): Path<BedId>) -> Answer {
    let mut tx = ctx.begin().await?;
    let bed = bed::lock(&mut tx, id).await?;
    bed::mark_clean(&mut tx, id).await?;
    tx.audit("clean", "bed", id, None, serde_json::Value::Null);
    tx.notify("wards");
    tx.notify(format!("ward/{}", bed.ward_id));
    tx.commit().await?;
    web::redirect(format!("/app/wards/{}", bed.ward_id))
}

/// `POST /app/stays/{encounter}/leave-on`: the day on which the patient is expected to go; empty takes it away.
pub async fn expect_leave(ctx: Ctx, Path(id): Path<EncounterId>, Form(form): Form<LeaveForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let stay = stay::lock(&mut tx, id).await?;
    stay.must_be_open()?;
    let on = match form.on.trim() {
        "" => None,
        typed => Some(base::parse_date_vi(typed).ok_or_else(|| Problem::at("on", "Ngày dự kiến ra viện ghi ngày/tháng/năm."))?),
    };
    if on.is_some_and(|on| on < ctx.today()) {
        return Err(Problem::at("on", "Ngày dự kiến ra viện không thể ở quá khứ.").into());
    }
    stay::set_leave_on(&mut tx, id, on).await?;
    stay::tell(&mut tx, &stay);
    tx.audit("expect_leave", "stay", id, Some(stay.patient()), serde_json::Value::Null);
    tx.commit().await?;
    web::redirect(format!("/app/wards/{}?stay={id}", stay.ward_id))
}

/// The expected day.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LeaveForm {
    on: String,
}
