//! The way in, step by step: contact, code, clinic, account. Every step may be left and taken up again in the same
//! browser; nothing that was typed is asked twice.

use crate::clinic::{self, ClinicForm, OwnerForm};
use crate::contact::{self, Contact, Guess};
use crate::invoice::{Buyer, Kind, Line};
use crate::platform;
use crate::proration;
use crate::sign_up::{self as rule, Begin};
use crate::store::invoices::{self, NewInvoice};
use crate::store::sign_ups::{self, SignUp};
use askama::Template;
use base::{Problem, Problems, Vnd, local_date};
use codes::place;
use http::{HeaderMap, HeaderValue, header};
use organization::package::{self, Offer};
use serde::Deserialize;
use uuid::Uuid;
use web::{Answer, Failure, Form, Multipart, Query, Response, Tx, Visitor};

/// The cookie of a browser on its way in.
const COOKIE: &str = "yba_sign_up";
/// The largest licence in bytes.
pub const LICENCE: usize = 10 * 1024 * 1024;

/// Refuses a form that another site sent.
pub(crate) fn ours(headers: &HeaderMap) -> Result<(), Failure> {
    match web::csrf::origin(&http::Method::POST, headers) {
        web::csrf::Origin::Foreign => Err(Failure::ForeignForm),
        _ => Ok(()),
    }
}

/// What every page of the way in shows.
pub(crate) struct Frame {
    pub sandbox: bool,
    pub step: usize,
}

pub(crate) fn frame(visitor: &Visitor, step: usize) -> Frame {
    Frame { sandbox: visitor.app.config.sandbox, step }
}

impl Frame {
    pub fn steps(&self) -> [(usize, &'static str); 4] {
        [(1, "Liên hệ"), (2, "Phòng khám"), (3, "Tài khoản"), (4, "Bắt đầu")]
    }
}

/// The transaction and the sign-up of this browser, if it is under way.
pub(crate) async fn under_way(visitor: &Visitor, headers: &HeaderMap) -> Result<(Tx, Option<SignUp>), Failure> {
    let mut tx = platform::begin(&visitor.app.db, visitor.now).await?;
    let found = match web::guard::cookie(headers, COOKIE) {
        Some(token) if token.len() == 64 => sign_ups::find_by_token(&mut tx, &practitioner::sign_in::token_hash(token)).await?,
        _ => None,
    };
    Ok((tx, found))
}

/// Where a sign-up goes on.
fn next_step(s: &SignUp) -> &'static str {
    match () {
        _ if s.facility_id.is_some() => "/sign-up/done",
        _ if s.verified_at.is_none() => "/sign-up/code",
        _ if s.clinic.facility_code.is_empty() || s.licence_file.is_empty() => "/sign-up/clinic",
        _ if s.password_hash.is_empty() => "/sign-up/owner",
        _ => "/sign-up/pay",
    }
}

#[derive(Template)]
#[template(path = "sign_up_contact.html")]
struct ContactPage {
    lang: &'static str,
    f: Frame,
    contact: String,
    package: String,
    package_name: &'static str,
    trial_days: i64,
    problems: Problems,
    under_way: Option<&'static str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Start {
    package: String,
    contact: String,
}

fn contact_page(visitor: &Visitor, start: Start, problems: Problems, under_way: Option<&'static str>) -> ContactPage {
    let package = if start.package == "STANDARD" { "STANDARD" } else { "BASIC" };
    ContactPage {
        lang: super::front::lang(visitor), f: frame(visitor, 1),
        contact: start.contact,
        package: package.to_owned(),
        package_name: package::name_of(package),
        trial_days: package::term("trial_days", local_date(visitor.now)),
        problems,
        under_way,
    }
}

/// `GET /sign-up`.
pub async fn start(visitor: Visitor, headers: HeaderMap, Query(start): Query<Start>) -> Answer {
    if package::PACKAGES[2..].contains(&start.package.as_str()) {
        return web::redirect(format!("/contact?package={}", start.package));
    }
    let (_, found) = under_way(&visitor, &headers).await?;
    let goes_on = found.as_ref().filter(|s| s.verified_at.is_some() && s.facility_id.is_none()).map(next_step);
    web::html(contact_page(&visitor, start, Problems::none(), goes_on))
}

/// `POST /sign-up`: sends the code. The answer is the same whoever owns the contact.
pub async fn begin(visitor: Visitor, headers: HeaderMap, Form(start): Form<Start>) -> Answer {
    ours(&headers)?;
    let contact = match Contact::read(&start.contact) {
        Ok(contact) => contact,
        Err(problem) => return web::refused(contact_page(&visitor, start, problem.into(), None)),
    };
    let package = if start.package == "STANDARD" { "STANDARD" } else { "BASIC" };
    let (mut tx, found) = under_way(&visitor, &headers).await?;
    // The same contact in the same browser goes on with what it began, so that a double click sends one code.
    if let Some(same) = found.filter(|s| s.contact == contact.text() && s.facility_id.is_none()) {
        let sent = sign_ups::lock_code(&mut tx, same.sign_up_id).await?;
        let fresh = sent.is_some_and(|s| s.used_at.is_none() && visitor.now < s.sent_at + contact::PAUSE);
        if same.verified_at.is_some() || fresh {
            return web::redirect(next_step(&same));
        }
    }
    let (token, token_hash) = practitioner::sign_in::new_token();
    let id = Uuid::now_v7();
    sign_ups::insert(&mut tx, id, &token_hash, &contact, package, &visitor.remote).await?;
    if let Err(failure) = rule::send_code(&mut tx, &visitor.app.config.secret, id, &contact, &visitor.remote).await {
        return match failure {
            Failure::TooMany { retry_after_s } => web::refused(contact_page(&visitor, start, wait(retry_after_s).into(), None)),
            other => Err(other),
        };
    }
    tx.commit().await?;
    let mut response = web::redirect("/sign-up/code")?;
    remember(&visitor, &mut response, &token)?;
    Ok(response)
}

fn wait(seconds: u64) -> Problem {
    let text = if seconds > 120 {
        "Đã gửi nhiều mã trong một giờ qua. Hãy thử lại sau một giờ, hoặc gọi tổng đài.".to_owned()
    } else {
        format!("Vừa gửi một mã. Chờ {seconds} giây rồi gửi lại.")
    };
    Problem::at("contact", text)
}

fn remember(visitor: &Visitor, response: &mut Response, token: &str) -> Result<(), Failure> {
    let secure = if visitor.app.config.secure_cookies { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={token}; Path=/sign-up; HttpOnly; SameSite=Lax; Max-Age=2592000{secure}");
    response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&cookie).map_err(|e| Failure::Fault(e.into()))?);
    Ok(())
}

#[derive(Template)]
#[template(path = "sign_up_code.html")]
struct CodePage {
    lang: &'static str,
    f: Frame,
    masked: String,
    is_phone: bool,
    problems: Problems,
}

fn code_page(visitor: &Visitor, s: &SignUp, problems: Problems) -> CodePage {
    CodePage { lang: super::front::lang(visitor), f: frame(visitor, 1), masked: contact::masked(&s.contact), is_phone: s.contact_kind == "phone", problems }
}

/// `GET /sign-up/code`.
pub async fn ask_code(visitor: Visitor, headers: HeaderMap) -> Answer {
    let (_, found) = under_way(&visitor, &headers).await?;
    match found {
        Some(s) if s.verified_at.is_none() => web::html(code_page(&visitor, &s, Problems::none())),
        Some(s) => web::redirect(next_step(&s)),
        None => web::redirect("/sign-up"),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CodeForm {
    code: String,
}

/// `POST /sign-up/code`: judges what was typed; guesses are counted even when two arrive at once.
pub async fn check_code(visitor: Visitor, headers: HeaderMap, Form(form): Form<CodeForm>) -> Answer {
    ours(&headers)?;
    let (mut tx, found) = under_way(&visitor, &headers).await?;
    let Some(s) = found else { return web::redirect("/sign-up") };
    if s.verified_at.is_some() {
        return web::redirect(next_step(&s));
    }
    let code: String = form.code.chars().filter(char::is_ascii_digit).take(12).collect();
    let spent = "Mã đã hết hạn hoặc đã gõ sai quá 5 lần. Bấm “Gửi mã mới”.";
    let text = match sign_ups::lock_code(&mut tx, s.sign_up_id).await? {
        _ if code.len() != 6 => "Mã có đúng 6 số.".to_owned(),
        None => spent.to_owned(),
        Some(sent) => match contact::judge(&sent, &contact::code_hash(&visitor.app.config.secret, s.sign_up_id, &code), visitor.now) {
            Guess::Right => {
                sign_ups::verify(&mut tx, s.sign_up_id, sent.code_id).await?;
                tx.audit("verify", "sign_up", s.sign_up_id, None, serde_json::Value::Null);
                tx.commit().await?;
                return web::redirect("/sign-up/clinic");
            }
            Guess::Wrong { left } => {
                sign_ups::count_guess(&mut tx, sent.code_id).await?;
                tx.commit().await?;
                if left > 0 { format!("Mã chưa đúng, còn {left} lần thử.") } else { spent.to_owned() }
            }
            Guess::Spent => spent.to_owned(),
        },
    };
    web::refused(code_page(&visitor, &s, Problem::at("code", text).into()))
}

/// `POST /sign-up/code/again`.
pub async fn send_again(visitor: Visitor, headers: HeaderMap) -> Answer {
    ours(&headers)?;
    let (mut tx, found) = under_way(&visitor, &headers).await?;
    let Some(s) = found else { return web::redirect("/sign-up") };
    let contact = Contact::read(&s.contact)?;
    match rule::send_code(&mut tx, &visitor.app.config.secret, s.sign_up_id, &contact, &visitor.remote).await {
        Ok(()) => {
            tx.commit().await?;
            web::redirect("/sign-up/code")
        }
        Err(Failure::TooMany { retry_after_s }) => {
            let text = wait(retry_after_s).text;
            web::refused(code_page(&visitor, &s, Problem::at("code", text).into()))
        }
        Err(other) => Err(other),
    }
}

#[derive(Template)]
#[template(path = "sign_up_clinic.html")]
struct ClinicPage {
    lang: &'static str,
    f: Frame,
    form: ClinicForm,
    licence_name: String,
    problems: Problems,
    stuck: String,
}

/// `GET /sign-up/clinic`.
pub async fn ask_clinic(visitor: Visitor, headers: HeaderMap) -> Answer {
    let (_, found) = under_way(&visitor, &headers).await?;
    match found {
        Some(s) if s.verified_at.is_some() && s.facility_id.is_none() => {
            let mut form = s.clinic.0.clone();
            if form.phone.is_empty() && s.contact_kind == "phone" {
                form.phone.clone_from(&s.contact);
            }
            web::html(ClinicPage { lang: super::front::lang(&visitor), f: frame(&visitor, 2), form, licence_name: s.licence_name, problems: Problems::none(), stuck: s.stuck })
        }
        Some(s) => web::redirect(next_step(&s)),
        None => web::redirect("/sign-up"),
    }
}

/// `POST /sign-up/clinic`: the facts and the licence. What was typed stays typed, right or wrong.
pub async fn keep_clinic(visitor: Visitor, headers: HeaderMap, form: Multipart) -> Answer {
    ours(&headers)?;
    let (tx, found) = under_way(&visitor, &headers).await?;
    let Some(s) = found.filter(|s| s.verified_at.is_some()) else { return web::redirect("/sign-up") };
    // The upload may take its time: no transaction waits for it.
    drop(tx);
    if s.facility_id.is_some() {
        return web::redirect("/sign-up/done");
    }
    let (typed, licence) = read_parts(form).await?;
    let mut problems = Problems::none();
    let mut clinic = match clinic::check(&typed) {
        Ok(clinic) => clinic,
        Err(more) => {
            problems = more;
            typed.clone()
        }
    };
    match &licence {
        Some((_, bytes)) if !clinic::licence_is_readable(bytes) => {
            problems.add("licence", "Tệp này không phải PDF, JPG hoặc PNG. Chụp hoặc quét lại giấy phép.");
        }
        None if s.licence_file.is_empty() => problems.add("licence", "Chọn tệp chụp hoặc quét giấy phép hoạt động."),
        _ => {}
    }
    let mut tx = platform::begin(&visitor.app.db, visitor.now).await?;
    if problems.at("facility_code").is_empty() && sign_ups::code_is_taken(&mut tx, &clinic.facility_code).await? {
        problems.add("facility_code", rule::taken(&clinic.facility_code));
    }
    if problems.at("commune_name").is_empty() {
        match place::find_commune(tx.conn(), &clinic.commune_code).await? {
            Some(commune) => clinic.commune_name = format!("{}, {}", commune.full_name, commune.province),
            None => problems.add("commune_name", "Chọn lại xã, phường trong danh sách."),
        }
    }
    let kept = match &licence {
        Some((name, bytes)) if problems.at("licence").is_empty() => {
            Some((visitor.app.files().keep(platform::NOBODY, bytes.clone()).await?, name.clone()))
        }
        _ => None,
    };
    if !problems.is_empty() {
        let licence_name = kept.as_ref().map_or(s.licence_name.clone(), |(_, name)| name.clone());
        if let Some((file, name)) = &kept {
            sign_ups::keep_clinic(&mut tx, s.sign_up_id, &s.clinic, Some((file, name))).await?;
            tx.commit().await?;
        }
        return web::refused(ClinicPage { lang: super::front::lang(&visitor), f: frame(&visitor, 2), form: typed, licence_name, problems, stuck: String::new() });
    }
    sign_ups::keep_clinic(&mut tx, s.sign_up_id, &clinic, kept.as_ref().map(|(file, name)| (file.as_str(), name.as_str()))).await?;
    let paid = invoices::find_of_sign_up(&mut tx, s.sign_up_id).await?.filter(|i| i.paid_at.is_some());
    tx.commit().await?;
    // Money that waited for another code opens the clinic now.
    if let Some(invoice) = paid
        && !s.password_hash.is_empty()
    {
        return super::pay::open_waiting(&visitor, &s, &invoice).await;
    }
    web::redirect("/sign-up/owner")
}

async fn read_parts(mut form: Multipart) -> Result<(ClinicForm, Option<(String, Vec<u8>)>), Failure> {
    let broken = || Failure::BadRequest("Không đọc được biểu mẫu. Hãy mở lại trang rồi gửi lần nữa.".into());
    let mut clinic = ClinicForm::default();
    let mut licence = None;
    while let Some(part) = form.next_field().await.map_err(|_| broken())? {
        let name = part.name().unwrap_or("").to_owned();
        if name == "licence" {
            let file_name: String = part.file_name().unwrap_or("").chars().filter(|c| !c.is_control()).take(120).collect();
            let bytes = part.bytes().await.map_err(|_| Failure::TooLarge)?;
            if !bytes.is_empty() {
                licence = Some((file_name, bytes.to_vec()));
            }
            continue;
        }
        let text = part.text().await.map_err(|_| broken())?;
        if text.chars().any(|c| c.is_control() && !matches!(c, '\r' | '\n' | '\t')) || text.len() > 2000 {
            return Err(broken());
        }
        let field = match name.as_str() {
            "name" => &mut clinic.name,
            "legal_name" => &mut clinic.legal_name,
            "licence_no" => &mut clinic.licence_no,
            "facility_code" => &mut clinic.facility_code,
            "tax_code" => &mut clinic.tax_code,
            "commune_code" => &mut clinic.commune_code,
            "commune_name" => &mut clinic.commune_name,
            "address_line" => &mut clinic.address_line,
            "phone" => &mut clinic.phone,
            "head_name" => &mut clinic.head_name,
            _ => continue,
        };
        *field = text;
    }
    Ok((clinic, licence))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Place {
    q: String,
}

#[derive(Template)]
#[template(source = "{% for c in found %}<li role=\"option\" data-value=\"{{ c.code }}\" data-label=\"{{ c.full_name }}, {{ c.province }}\"><b>{{ c.full_name }}</b> <small class=\"quiet\">{{ c.province }}</small></li>{% endfor %}{% for w in before %}<li role=\"option\" data-value=\"{{ w.commune_code }}\" data-label=\"{{ w.commune }}, {{ w.province }}\"><b>{{ w.commune }}</b> <small class=\"quiet\">{{ w.old_name }}</small></li>{% endfor %}{% if found.is_empty() && before.is_empty() %}<li class=\"foot\">Không có xã, phường nào khớp.</li>{% endif %}", ext = "html")]
struct Places {
    found: Vec<place::Commune>,
    before: Vec<place::Successor>,
}

/// `GET /sign-up/places`: communes by what is typed, old wards as well; only for a browser on its way in.
pub async fn places(visitor: Visitor, headers: HeaderMap, Query(asked): Query<Place>) -> Answer {
    let (mut tx, found) = under_way(&visitor, &headers).await?;
    if found.is_none_or(|s| s.verified_at.is_none()) {
        return Err(Failure::NotFound);
    }
    let found = place::search_communes(tx.conn(), &asked.q, None, 8).await?;
    let before = if found.len() < 5 { place::search_old_wards(tx.conn(), &asked.q, 6).await? } else { Vec::new() };
    web::html(Places { found, before })
}

#[derive(Template)]
#[template(path = "sign_up_owner.html")]
struct OwnerPage {
    lang: &'static str,
    f: Frame,
    form: OwnerForm,
    ending: String,
    clinic_name: String,
    offers: Vec<Offer>,
    trial_days: i64,
    trial_until: String,
    problems: Problems,
}

fn owner_page(visitor: &Visitor, s: &SignUp, form: OwnerForm, problems: Problems) -> OwnerPage {
    let today = local_date(visitor.now);
    let days = package::term("trial_days", today);
    OwnerPage {
        lang: super::front::lang(visitor), f: frame(visitor, 3),
        form,
        ending: format!(".{}", s.clinic.facility_code.to_lowercase()),
        clinic_name: s.clinic.name.clone(),
        offers: package::offers_on(today).into_iter().filter(|o| o.price.is_some()).collect(),
        trial_days: days,
        trial_until: base::show_date(today + chrono::TimeDelta::days(days - 1)),
        problems,
    }
}

/// `GET /sign-up/owner`.
pub async fn ask_owner(visitor: Visitor, headers: HeaderMap) -> Answer {
    let (_, found) = under_way(&visitor, &headers).await?;
    match found {
        Some(s) if matches!(next_step(&s), "/sign-up/owner" | "/sign-up/pay") => {
            let name = if s.owner_name.is_empty() { s.clinic.head_name.clone() } else { s.owner_name.clone() };
            let form = OwnerForm { owner_name: name, login: "quantri".into(), package: s.package.clone(), way: "trial".into(), ..OwnerForm::default() };
            web::html(owner_page(&visitor, &s, form, Problems::none()))
        }
        Some(s) => web::redirect(next_step(&s)),
        None => web::redirect("/sign-up"),
    }
}

/// `POST /sign-up/owner`: the account, then the trial at once or an invoice.
pub async fn keep_owner(visitor: Visitor, headers: HeaderMap, Form(form): Form<OwnerForm>) -> Answer {
    ours(&headers)?;
    let (tx, found) = under_way(&visitor, &headers).await?;
    drop(tx);
    let Some(s) = found else { return web::redirect("/sign-up") };
    if !matches!(next_step(&s), "/sign-up/owner" | "/sign-up/pay") {
        return web::redirect(next_step(&s));
    }
    let login = match clinic::check_owner(&form, &s.clinic.facility_code) {
        Ok(login) => login,
        Err(problems) => return web::refused(owner_page(&visitor, &s, form, problems)),
    };
    // Takes a fifth of a second: no transaction waits for it.
    let hash = practitioner::password::hash(&form.password).await?;
    let mut tx = platform::begin(&visitor.app.db, visitor.now).await?;
    let held = sign_ups::lock(&mut tx, s.sign_up_id).await?;
    if held.facility_id.is_some() {
        return web::redirect("/sign-up/done");
    }
    sign_ups::keep_owner(&mut tx, s.sign_up_id, &base::tidy_name(&form.owner_name), &login, &hash, &form.package).await?;
    if form.way == "pay" {
        let invoice = first_invoice(&s, &form.package, local_date(visitor.now));
        let open = invoices::find_of_sign_up(&mut tx, s.sign_up_id).await?;
        if !open.is_some_and(|i| i.package == form.package && i.pay_before > visitor.now) {
            invoices::insert(&mut tx, &invoice).await?;
        }
        tx.commit().await?;
        return web::redirect("/sign-up/pay");
    }
    match rule::activate(&mut tx, s.sign_up_id, Begin::Trial).await {
        Ok(_) => {
            tx.commit().await?;
            web::redirect("/sign-up/done")
        }
        Err(Failure::Refused(problems)) => {
            drop(tx);
            web::refused(owner_page(&visitor, &s, form, whole(problems)))
        }
        Err(other) => Err(other),
    }
}

/// A refusal about another page's field is told above this one.
fn whole(problems: Problems) -> Problems {
    Problems(problems.0.into_iter().map(|p| if p.field == "facility_code" { Problem::of(p.text) } else { p }).collect())
}

fn first_invoice<'a>(s: &SignUp, package: &'a str, today: chrono::NaiveDate) -> NewInvoice<'a> {
    let price = package::offer_on(package, today).and_then(|o| o.price).unwrap_or(Vnd::ZERO);
    NewInvoice {
        id: Uuid::now_v7(),
        kind: Kind::First,
        sign_up: Some(s.sign_up_id),
        facility: None,
        package,
        months: i32::try_from(proration::months_given(1, today)).unwrap_or(1),
        amount: price,
        lines: vec![Line { name: format!("Gói {} · 1 tháng", package::name_of(package)), quantity: "1".into(), price_vnd: price.0, amount_vnd: price.0 }],
        buyer: Buyer { name: s.clinic.name.clone(), tax_code: s.clinic.tax_code.clone(), address: s.clinic.address() },
    }
}
