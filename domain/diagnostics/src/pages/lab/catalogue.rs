//! The laboratory's catalogue: which service reports what, own ranges and limits, and how the laboratory works.

use crate::lab::formula::FORMULAS;
use crate::lab::panel::{self, BENCHES, bench_name};
use crate::lab::result::{Kind, show_limit};
use crate::lab::settings::{self, AnalyteForm, RangeForm};
use crate::lab::specimen::Tube;
use crate::lab::validation::{QcRule, Settings};
use crate::store::lab::catalogue::{self, Analyte, ServiceLine};
use askama::Template;
use base::{Problems, show_date};
use organization::service::{self, Kind as ServiceKind};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;
use web::{Answer, Ctx, Failure, Form, Path, Shell, Tx};

struct BenchGroup {
    name: &'static str,
    analytes: Vec<Analyte>,
}

#[derive(Template)]
#[template(path = "lab-catalogue.html")]
struct Page {
    shell: Shell,
    services: Vec<ServiceLine>,
    unlinked: usize,
    benches: Vec<BenchGroup>,
    settings: Settings,
    rules: Vec<(&'static str, &'static str)>,
    problems: Problems,
    refused: Uuid,
    typed: String,
}

/// `GET /app/lab/catalogue`.
pub async fn show(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    web::html(page(&ctx, &mut tx, Problems::none(), None, String::new()).await?)
}

async fn page(ctx: &Ctx, tx: &mut Tx, problems: Problems, refused: Option<Uuid>, typed: String) -> Result<Page, Failure> {
    let facility = ctx.facility();
    let services = catalogue::list_services(tx.conn(), facility, ctx.today()).await?;
    let analytes = catalogue::list_analytes(tx.conn(), facility).await?;
    let settings = catalogue::settings(tx.conn(), facility).await?;
    Ok(Page {
        shell: ctx.shell("Danh mục xét nghiệm", &[]),
        unlinked: services.iter().filter(|s| s.analytes.is_empty()).count(),
        services,
        benches: BENCHES
            .iter()
            .map(|(key, name)| BenchGroup { name, analytes: analytes.iter().filter(|a| a.bench == *key).cloned().collect() })
            .filter(|group| !group.analytes.is_empty())
            .collect(),
        settings,
        rules: QcRule::ALL.iter().map(|rule| (rule.key(), rule.name())).collect(),
        problems,
        refused: refused.unwrap_or_default(),
        typed,
    })
}

/// `POST /app/lab/catalogue/seeded`: services that report nothing yet get their analytes from the catalogue.
pub async fn seed(ctx: Ctx) -> Answer {
    let mut tx = ctx.begin().await?;
    let linked = catalogue::seed(&mut tx, ctx.today()).await?;
    tx.audit("seed", "lab-catalogue", ctx.facility(), None, json!({ "links": linked }));
    tx.commit().await?;
    web::redirect("/app/lab/catalogue")
}

/// How the laboratory works, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SettingsForm {
    pub one_person: String,
    pub qc_rule: String,
}

/// `POST /app/lab/catalogue/settings`.
pub async fn set_settings(ctx: Ctx, Form(form): Form<SettingsForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let Some(qc_rule) = QcRule::from_key(&form.qc_rule) else {
        let problem = base::Problem::at("qc_rule", "Chọn một cách xử lý nội kiểm trong danh sách.");
        return web::refused(page(&ctx, &mut tx, problem.into(), None, String::new()).await?);
    };
    let settings = Settings { is_one_person: form.one_person == "1", qc_rule };
    catalogue::set_settings(&mut tx, settings).await?;
    tx.audit("update", "lab-setting", ctx.facility(), None, json!({ "one_person": settings.is_one_person, "qc_rule": qc_rule.key() }));
    tx.commit().await?;
    web::redirect("/app/lab/catalogue")
}

/// Codes of analytes, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LinkForm {
    /// "NA, K CL".
    pub codes: String,
}

/// `POST /app/lab/catalogue/services/{id}/analytes`: what a service reports from today on.
pub async fn link(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<LinkForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let facility = ctx.facility();
    let known = service::find(tx.conn(), facility, id, ctx.today()).await?.ok_or(Failure::NotFound)?;
    if known.facts.kind != ServiceKind::Lab {
        return Err(Failure::NotFound);
    }
    let mut codes: Vec<String> = Vec::new();
    for code in form.codes.split([',', ';', ' ', '\n', '\t']).map(|c| c.trim().to_uppercase()).filter(|c| !c.is_empty()) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    let own = catalogue::list_analytes(tx.conn(), facility).await?;
    let mut problems = Problems::none();
    problems.add_if(codes.is_empty(), "codes", "Ghi ít nhất một mã chỉ số, ví dụ: NA K CL.");
    problems.add_if(codes.len() > 60, "codes", "Nhiều nhất 60 chỉ số cho một dịch vụ.");
    for code in &codes {
        let is_known = own.iter().any(|a| a.code.to_uppercase() == *code) || panel::template(code).is_some();
        let shown: String = code.chars().take(20).collect();
        problems.add_if(!is_known, "codes", format!("Không có chỉ số mang mã “{shown}”. Xem mã ở danh sách bên dưới."));
    }
    if !problems.is_empty() {
        return web::refused(page(&ctx, &mut tx, problems, Some(id), form.codes).await?);
    }
    let missing: Vec<&panel::Template> =
        codes.iter().filter(|code| !own.iter().any(|a| a.code.to_uppercase() == **code)).filter_map(|code| panel::template(code)).collect();
    let added = catalogue::insert_templates(&mut tx, &missing, ctx.today()).await?;
    let analytes: Vec<Uuid> = codes
        .iter()
        .filter_map(|code| own.iter().find(|a| a.code.to_uppercase() == *code).map(|a| a.id).or_else(|| added.get(code).copied()))
        .collect();
    catalogue::set_links(&mut tx, id, &analytes, ctx.today()).await?;
    tx.audit("update", "lab-service", id, None, json!({ "analytes": codes }));
    tx.commit().await?;
    web::redirect("/app/lab/catalogue")
}

struct RangeLine {
    id: Uuid,
    who: String,
    range: String,
    critical: String,
    source: String,
    dates: String,
    is_over: bool,
}

#[derive(Template)]
#[template(path = "lab-analyte.html")]
struct AnalytePage {
    shell: Shell,
    analyte: Analyte,
    form: AnalyteForm,
    range: RangeForm,
    ranges: Vec<RangeLine>,
    benches: Vec<(&'static str, &'static str)>,
    tubes: Vec<(&'static str, &'static str)>,
    formulas: Vec<(&'static str, &'static str)>,
    formula_source: String,
    fresh: Uuid,
    problems: Problems,
    is_number: bool,
}

/// `GET /app/lab/catalogue/analytes/{id}`.
pub async fn analyte(ctx: Ctx, Path(id): Path<Uuid>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = catalogue::find_analyte(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let form = form_of(&known);
    web::html(analyte_page(&ctx, &mut tx, known, form, RangeForm::default(), Problems::none()).await?)
}

fn form_of(a: &Analyte) -> AnalyteForm {
    let number = |n: Option<Decimal>| n.map(show_limit).unwrap_or_default();
    AnalyteForm {
        name: a.name.clone(),
        unit: a.unit.clone(),
        bench: a.bench.clone(),
        tube: a.tube.key().into(),
        decimals: a.spec.decimals.to_string(),
        choices: a.spec.choices.join(" | "),
        formula: a.formula.clone(),
        method: a.method.clone(),
        least: number(a.spec.least),
        most: number(a.spec.most),
        delta_percent: number(a.delta_percent),
        delta_days: a.delta_days.map(|d| d.to_string()).unwrap_or_default(),
        place: a.place.to_string(),
    }
}

async fn analyte_page(
    ctx: &Ctx,
    tx: &mut Tx,
    analyte: Analyte,
    form: AnalyteForm,
    range: RangeForm,
    problems: Problems,
) -> Result<AnalytePage, Failure> {
    let today = ctx.today();
    let ranges = catalogue::list_ranges(tx.conn(), ctx.facility(), analyte.id).await?;
    let ranges = ranges
        .into_iter()
        .map(|dated| RangeLine {
            id: dated.id,
            who: people(&dated.range),
            range: dated.range.limits.shown(),
            critical: match (dated.range.limits.critical_low, dated.range.limits.critical_high) {
                (None, None) => String::new(),
                (low, high) => [low.map(|l| format!("< {}", show_limit(l))), high.map(|h| format!("> {}", show_limit(h)))]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" hoặc "),
            },
            source: dated.source,
            dates: match dated.valid_to {
                Some(to) => format!("{}–{}", show_date(dated.valid_from), show_date(to)),
                None => format!("từ {}", show_date(dated.valid_from)),
            },
            is_over: dated.valid_to.is_some_and(|to| to < today),
        })
        .collect();
    Ok(AnalytePage {
        shell: ctx.shell("Chỉ số xét nghiệm", &[("F8", "Lưu")]),
        is_number: analyte.spec.kind == Kind::Number,
        formula_source: crate::lab::formula::find(&analyte.formula).map_or_else(String::new, |f| f.source.to_owned()),
        analyte,
        form,
        range,
        ranges,
        benches: BENCHES.to_vec(),
        tubes: Tube::ALL.iter().map(|tube| (tube.key(), tube.name())).collect(),
        formulas: FORMULAS.iter().map(|f| (f.key, f.name)).collect(),
        fresh: Uuid::now_v7(),
        problems,
    })
}

/// For whom a range holds, in words.
fn people(range: &crate::lab::range::Range) -> String {
    let sex = match (range.is_pregnant, range.sex.as_str()) {
        (true, _) => "Thai phụ",
        (_, "male") => "Nam",
        (_, "female") => "Nữ",
        _ => "Cả hai giới",
    };
    let age = |days: i32| match days {
        d if d >= 730 => format!("{} tuổi", (f64::from(d) / 365.25).round()),
        d if d >= 61 => format!("{} tháng", (f64::from(d) / 30.4375).round()),
        d => format!("{d} ngày"),
    };
    match (range.age_from_days, range.age_to_days) {
        (0, None) => sex.to_owned(),
        (from, None) => format!("{sex}, từ {}", age(from)),
        (0, Some(to)) => format!("{sex}, dưới {}", age(to)),
        (from, Some(to)) => format!("{sex}, {} đến dưới {}", age(from), age(to)),
    }
}

/// `POST /app/lab/catalogue/analytes/{id}`.
pub async fn update(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<AnalyteForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = catalogue::find_analyte(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    match settings::check_analyte(&form, &known) {
        Ok(changed) => {
            catalogue::update_analyte(&mut tx, &changed).await?;
            tx.audit("update", "lab-analyte", id, None, json!({ "code": known.code }));
            tx.commit().await?;
            web::redirect(format!("/app/lab/catalogue/analytes/{id}"))
        }
        Err(problems) => web::refused(analyte_page(&ctx, &mut tx, known, form, RangeForm::default(), problems).await?),
    }
}

/// `POST /app/lab/catalogue/analytes/{id}/ranges`.
pub async fn add_range(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<RangeForm>) -> Answer {
    let mut tx = ctx.begin().await?;
    let known = catalogue::find_analyte(tx.conn(), ctx.facility(), id).await?.ok_or(Failure::NotFound)?;
    let range_id: Uuid = form.id.parse().map_err(|_| Failure::BadRequest("Trang đã cũ. Tải lại trang.".into()))?;
    match settings::check_range(&form, ctx.today()) {
        Ok((range, source, from)) => {
            catalogue::insert_range(&mut tx, range_id, id, &range, &source, from).await?;
            tx.audit("update", "lab-range", range_id, None, json!({ "code": known.code, "from": from }));
            tx.commit().await?;
            web::redirect(format!("/app/lab/catalogue/analytes/{id}"))
        }
        Err(problems) => {
            let own = form_of(&known);
            web::refused(analyte_page(&ctx, &mut tx, known, own, form, problems).await?)
        }
    }
}

/// `POST /app/lab/catalogue/analytes/{id}/ranges/{range}/ended`.
pub async fn end_range(ctx: Ctx, Path((id, range)): Path<(Uuid, Uuid)>) -> Answer {
    let mut tx = ctx.begin().await?;
    if !catalogue::end_range(&mut tx, id, range, ctx.today()).await? {
        return Err(Failure::NotFound);
    }
    tx.audit("end", "lab-range", range, None, json!({}));
    tx.commit().await?;
    web::redirect(format!("/app/lab/catalogue/analytes/{id}"))
}

impl AnalytePage {
    fn bench(&self) -> &'static str {
        bench_name(&self.analyte.bench).unwrap_or("")
    }
}
