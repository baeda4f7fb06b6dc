//! Who is meant. Sure → linked; nobody alike → registered; doubtful → a clerk decides. Never two records for one person
//! because a letter differs, never one record for two people because a name is common.

use crate::command::{Subject, birth_as_typed};
use base::{PatientId, PersonId, Problems};
use chrono::NaiveDate;
use db::Tx;
use patient::bhyt::CardNumber;
use patient::duplicate::{self, Likeness, Score};
use patient::store::find::{self, Found};
use patient::{Birth, Demographics, Sex, Typed};
use serde::{Deserialize, Serialize};

/// The person as the sender tells them, checked as the registration desk would check them.
#[derive(Clone, Debug)]
pub struct Told {
    pub who: Demographics,
    /// Fields that could not be taken over, with why.
    pub left_out: Problems,
}

/// Reads the sender's words. Refuses only what a record cannot be without (name, birth, sex); a telephone or card number
/// that cannot be right is left out and named.
pub fn read(subject: &Subject, today: NaiveDate) -> Result<Told, Problems> {
    let mut typed = Typed {
        name: subject.name.clone(),
        birth: birth_as_typed(&subject.birth),
        sex: if subject.sex.is_empty() { "unknown".into() } else { subject.sex.clone() },
        phone: subject.phone.clone(),
        cccd: subject.cccd.clone(),
        ethnic_code: subject.ethnic_code.clone(),
        address_line: subject.address.clone(),
        card_no: subject.card_no.clone(),
        contact_name: subject.contact_name.clone(),
        contact_relation: subject.contact_relation.clone(),
        contact_phone: subject.contact_phone.clone(),
        ..Typed::default()
    };
    checked(&mut typed, today)
}

/// Checks a form and drops the fields that a record can be without when they are wrong.
pub fn checked(typed: &mut Typed, today: NaiveDate) -> Result<Told, Problems> {
    let mut left_out = Problems::none();
    for _ in 0..3 {
        let problems = match Demographics::check(typed, today) {
            Ok(who) => return Ok(Told { who, left_out }),
            Err(problems) => problems,
        };
        if problems.0.iter().any(|p| matches!(p.field.as_ref(), "name" | "birth" | "sex")) {
            return Err(Problems(problems.0.into_iter().filter(|p| matches!(p.field.as_ref(), "name" | "birth" | "sex")).collect()));
        }
        for problem in problems.0 {
            match problem.field.as_ref() {
                "phone" => typed.phone.clear(),
                "cccd" => typed.cccd.clear(),
                "cccd_issued_on" => typed.cccd_issued_on.clear(),
                "address_line" => typed.address_line.clear(),
                "commune_name" => typed.commune_name.clear(),
                "card_no" => typed.card_no.clear(),
                "card_from" => typed.card_from.clear(),
                "card_to" => typed.card_to.clear(),
                "occupation" => typed.occupation.clear(),
                "contact_phone" => typed.contact_phone.clear(),
                // Who brings a small child is asked at our own desk; another system need not have asked.
                _ if typed.contact_name.is_empty() => {
                    typed.contact_name = "Chưa rõ".into();
                    let told = Demographics::check(typed, today).map(|who| Demographics { contact: None, ..who });
                    typed.contact_name.clear();
                    if let Ok(who) = told {
                        return Ok(Told { who, left_out });
                    }
                }
                _ => typed.contact_name.clear(),
            }
            left_out.0.push(problem);
        }
    }
    Err(left_out)
}

/// The name of a person among the messages of one partner: what orders them and what is remembered.
pub fn key_of(subject: &Subject) -> String {
    let named = [("", &subject.record_no), ("cccd:", &subject.cccd), ("card:", &subject.card_no)];
    match named.into_iter().find(|(_, value)| !value.trim().is_empty()) {
        Some((kind, value)) => format!("{kind}{}", value.trim()).chars().take(200).collect(),
        None if subject.name.trim().is_empty() => String::new(),
        None => format!("name:{}|{}", base::fold(&subject.name), subject.birth).chars().take(200).collect(),
    }
}

/// Somebody who may be meant, with the comparison.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub found: Found,
    pub score: Score,
}

/// What the comparison came to.
#[derive(Clone, Debug)]
pub enum Match {
    Sure(PatientId),
    Nobody,
    /// Best first.
    Doubtful(Vec<Candidate>),
}

/// Compares the told person with everybody alike at this facility.
pub async fn search(tx: &mut Tx, who: &Demographics) -> Result<Match, sqlx::Error> {
    let card = who.cover.as_ref().map(|c| c.number.plain()).unwrap_or_default();
    let numbers = [who.cccd.as_str(), who.phone.as_str(), card.as_str()];
    let found = find::list_alike(tx, &who.name, who.birth.date, &numbers, None).await?;
    Ok(decide(who, found))
}

/// The rule: one person with the same citizen number or insurance number *and* a name and birth that agree is sure;
/// whoever the desk would have to ask about is doubtful; everybody else is somebody else.
pub fn decide(who: &Demographics, found: Vec<Found>) -> Match {
    let bhxh = who.cover.as_ref().map_or("", |c| c.number.bhxh_no.as_str());
    let same_number = |f: &Found| (!who.cccd.is_empty() && f.cccd == who.cccd) || (!bhxh.is_empty() && f.bhxh_no == bhxh);
    let mut alike: Vec<Candidate> = found
        .into_iter()
        .map(|found| compared(who, found))
        .filter(|c| c.score.must_ask() || same_number(&c.found))
        .collect();
    alike.sort_by_key(|c| std::cmp::Reverse(c.score.percent));
    let mut sure = alike.iter().filter(|c| same_number(&c.found) && agrees(who, &c.found.name, c.found.birth, c.found.sex));
    match (sure.next(), sure.next()) {
        (Some(only), None) => Match::Sure(only.found.patient),
        _ if alike.is_empty() => Match::Nobody,
        _ => {
            alike.truncate(6);
            Match::Doubtful(alike)
        }
    }
}

/// The told person beside one of ours.
pub fn compared(who: &Demographics, found: Found) -> Candidate {
    let own = Likeness {
        name: &who.name,
        birth: who.birth,
        sex: who.sex,
        cccd: &who.cccd,
        phone: &who.phone,
        bhxh_no: who.cover.as_ref().map_or("", |c| c.number.bhxh_no.as_str()),
        commune_code: &who.commune_code,
        address: &who.address_text,
    };
    let other = Likeness {
        name: &found.name,
        birth: found.birth,
        sex: found.sex,
        cccd: &found.cccd,
        phone: &found.phone,
        bhxh_no: &found.bhxh_no,
        commune_code: &found.commune_code,
        address: &found.address,
    };
    let score = duplicate::score(&own, &other);
    Candidate { found, score }
}

fn agrees(who: &Demographics, name: &str, birth: Birth, sex: Sex) -> bool {
    let sexes = who.sex == sex || who.sex == Sex::Unknown || sex == Sex::Unknown;
    base::fold(&who.name) == base::fold(name) && who.birth.agrees_with(&birth) && sexes
}

/// The patient whom a partner's number meant until now.
#[derive(Clone, Debug)]
pub struct Known {
    pub patient: PatientId,
    pub person: PersonId,
    pub name: String,
    pub birth: Birth,
    pub sex: Sex,
    pub phone: String,
    pub cccd: String,
    pub address_line: String,
    pub card_no: String,
}

impl Known {
    /// The number now seems to mean somebody else: neither name nor birth is what it was, or another citizen.
    pub fn is_somebody_else(&self, who: &Demographics) -> bool {
        let name = base::fold(&self.name) == base::fold(&who.name);
        let birth = self.birth.agrees_with(&who.birth);
        let citizen = !self.cccd.is_empty() && !who.cccd.is_empty() && self.cccd != who.cccd;
        (!name && !birth) || (citizen && !(name && birth))
    }
}

/// One value that the sender knows otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Name of the form field.
    pub field: String,
    pub label: String,
    pub ours: String,
    pub theirs: String,
}

/// What differs: first what a clerk must decide, then what follows the sender by rule. What the sender does not say
/// differs from nothing.
pub fn differences(known: &Known, who: &Demographics) -> (Vec<Line>, Vec<Line>) {
    let line = |field: &str, label: &str, ours: &str, theirs: &str| {
        let line = Line { field: field.into(), label: label.into(), ours: ours.into(), theirs: theirs.into() };
        (!theirs.is_empty() && ours != theirs).then_some(line)
    };
    let sex = if who.sex == Sex::Unknown { "" } else { who.sex.label() };
    // A year where we know the day is not news.
    let birth = if who.birth.year_only && who.birth.agrees_with(&known.birth) { String::new() } else { who.birth.to_string() };
    let card = who.cover.as_ref().map(|c| c.number.plain()).unwrap_or_default();
    let asked = [
        line("name", "Họ và tên", &known.name, &who.name),
        line("birth", "Ngày sinh", &known.birth.to_string(), &birth),
        line("sex", "Giới tính", known.sex.label(), sex),
        line("cccd", "Số CCCD", &known.cccd, &who.cccd),
    ];
    let by_rule = [
        line("phone", "Điện thoại", &known.phone, &who.phone),
        line("address_line", "Địa chỉ", &known.address_line, &who.address_line),
        line("card_no", "Số thẻ BHYT", &plain_card(&known.card_no), &card),
    ];
    (asked.into_iter().flatten().collect(), by_rule.into_iter().flatten().collect())
}

fn plain_card(card: &str) -> String {
    CardNumber::parse("", card).map_or_else(|_| card.to_owned(), |number| number.plain())
}

/// The record's form with these lines taken over from the sender.
pub fn take(ours: &Typed, lines: &[Line], taken: &[&str]) -> Typed {
    let mut form = ours.clone();
    for line in lines.iter().filter(|l| taken.contains(&l.field.as_str())) {
        let theirs = line.theirs.clone();
        match line.field.as_str() {
            "name" => form.name = theirs,
            "birth" => form.birth = theirs,
            "sex" => form.sex = if theirs == Sex::Male.label() { "male".into() } else { "female".into() },
            "cccd" => form.cccd = theirs,
            "phone" => form.phone = theirs,
            "address_line" => form.address_line = theirs,
            "card_no" => {
                form.card_no = theirs;
                form.card_from.clear();
                form.card_to.clear();
            }
            _ => {}
        }
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        "2026-11-24".parse().unwrap()
    }

    fn an() -> Subject {
        Subject {
            record_no: "BN0001".into(),
            cccd: "084085012345".into(),
            name: "NGUYỄN VĂN AN".into(),
            birth: "19850315".into(),
            sex: "male".into(),
            phone: "0900000001".into(),
            ..Subject::default()
        }
    }

    fn found(name: &str, birth: &str, cccd: &str) -> Found {
        Found {
            patient: PatientId::new(),
            record_no: "BV-0000001".into(),
            name: name.into(),
            birth: Birth::parse("birth", birth, today()).unwrap(),
            sex: Sex::Male,
            cccd: cccd.into(),
            phone: String::new(),
            address: String::new(),
            commune_code: String::new(),
            bhxh_no: String::new(),
            seen_at: None,
        }
    }

    #[test]
    fn sure_needs_a_number_and_agreement_and_doubt_goes_to_a_clerk() {
        let who = read(&an(), today()).unwrap().who;
        let table = [
            ("same card", vec![found("Nguyễn Văn An", "15/03/1985", "084085012345")], "sure"),
            ("same card, another name", vec![found("Lê Thị Bưởi", "15/03/1985", "084085012345")], "doubtful"),
            ("same card, another birth", vec![found("Nguyễn Văn An", "01/01/1990", "084085012345")], "doubtful"),
            ("two with the same card", vec![found("Nguyễn Văn An", "15/03/1985", "084085012345"), found("Nguyễn Văn Ân", "1985", "084085012345")], "doubtful"),
            ("name and birth alone", vec![found("Nguyễn Văn An", "15/03/1985", "")], "doubtful"),
            ("a namesake of another year", vec![found("Nguyễn Văn An", "01/07/1990", "")], "nobody"),
            ("nobody", vec![], "nobody"),
        ];
        for (story, found, want) in table {
            let got = match decide(&who, found) {
                Match::Sure(_) => "sure",
                Match::Nobody => "nobody",
                Match::Doubtful(_) => "doubtful",
            };
            assert_eq!(got, want, "{story}");
        }
    }

    #[test]
    fn what_a_record_can_be_without_is_left_out_and_named() {
        let told = read(&Subject { phone: "12".into(), cccd: "1".into(), card_no: "TE1".into(), ..an() }, today()).unwrap();
        assert_eq!((told.who.phone.as_str(), told.who.cccd.as_str()), ("", ""));
        assert!(told.who.cover.is_none());
        assert_eq!(told.left_out.0.len(), 3);
        let refused = read(&Subject { name: String::new(), phone: "12".into(), ..an() }, today()).unwrap_err();
        assert!(!refused.at("name").is_empty() && refused.at("phone").is_empty());
        let baby = read(&Subject { birth: "20260110".into(), cccd: String::new(), phone: "1".into(), ..an() }, today()).unwrap();
        assert!(baby.who.contact.is_none());
    }

    #[test]
    fn names_ask_and_telephones_follow() {
        let who = read(&Subject { name: "Nguyễn Văn Ân".into(), phone: "0911222333".into(), ..an() }, today()).unwrap().who;
        let known = Known {
            patient: PatientId::new(),
            person: PersonId::new(),
            name: "Nguyễn Văn An".into(),
            birth: Birth::day("1985-03-15".parse().unwrap()),
            sex: Sex::Male,
            phone: "0900000001".into(),
            cccd: "084085012345".into(),
            address_line: "Ấp Phú Hòa".into(),
            card_no: String::new(),
        };
        let (asked, by_rule) = differences(&known, &who);
        assert_eq!(asked.iter().map(|l| l.field.as_str()).collect::<Vec<_>>(), ["name"]);
        assert_eq!(by_rule.iter().map(|l| l.field.as_str()).collect::<Vec<_>>(), ["phone"]);
        assert!(!known.is_somebody_else(&who));
        let other = read(&Subject { name: "Lê Thị Bưởi".into(), birth: "1990".into(), ..an() }, today()).unwrap().who;
        assert!(known.is_somebody_else(&other));
    }

    #[test]
    fn a_person_is_called_by_the_best_number_there_is() {
        assert_eq!(key_of(&an()), "BN0001");
        assert_eq!(key_of(&Subject { record_no: String::new(), ..an() }), "cccd:084085012345");
        assert_eq!(key_of(&Subject::default()), "");
    }
}
