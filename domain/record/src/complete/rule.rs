//! What is still missing from a record, decided from what happened, which forms that asks for, and which papers are
//! there. Pure: the list is counted afresh each time, so that it is never out of date.

use crate::form::definition::{Happening, Kind};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Something that happened in the stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    pub what: Happening,
    pub at: DateTime<Utc>,
}

/// A form as far as completing asks.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub form: String,
    pub title: String,
    pub kind: Kind,
    pub required_for: Vec<Happening>,
    pub within_hours: Option<u32>,
    /// The term in words where it is no number of hours.
    pub deadline: String,
}

/// How far a paper is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Never finished.
    Draft,
    /// Finished; a change is being written.
    Amending,
    /// Waits for this place of the signing order: its word, and who that is when it is known.
    Unsigned { role: String, whose: String, place: String },
    Complete,
}

/// A paper that is there.
#[derive(Clone, Debug)]
pub struct Paper {
    pub document: Uuid,
    pub form: String,
    pub title: String,
    pub progress: Progress,
    /// Whose work it is.
    pub whose: String,
    pub since: DateTime<Utc>,
    /// What the planning department said about this very version; empty when it said nothing.
    pub returned: String,
}

/// The record.
#[derive(Clone, Debug)]
pub struct Cover {
    /// The bệnh án that heads it; empty when none was chosen.
    pub form: String,
    pub is_stay: bool,
    pub opened_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Who answers for what nobody began.
    pub doctor: String,
    /// Hours after the end by which all has to be there.
    pub hours: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The planning department sent it back.
    Returned,
    Missing,
    Draft,
    Unsigned,
}

/// One thing that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub why: Why,
    pub title: String,
    pub form: String,
    /// The paper; `None` when nobody began it.
    pub document: Option<Uuid>,
    /// Ready words: "Chờ Trưởng khoa ký", the reason of a return.
    pub said: String,
    pub whose: String,
    /// The place in the signing order, when a signature is missing.
    pub place: String,
    pub since: DateTime<Utc>,
    pub due: Option<DateTime<Utc>>,
    /// The term in words.
    pub deadline: String,
}

impl Gap {
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        self.due.is_some_and(|due| due < now)
    }
    /// The key of a missing signature is the tray's or the patient's, of everything else the paper's.
    pub fn is_for_patient(&self) -> bool {
        crate::sign::role::find(&self.place).is_some_and(|role| role.who == crate::sign::role::Who::Patient)
    }
}

/// "12 of 14".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checklist {
    pub total: usize,
    pub done: usize,
    pub gaps: Vec<Gap>,
    /// Titles of what is complete, in the order of the record.
    pub complete: Vec<(Uuid, String)>,
}

/// Counts. Papers come in the order of the record; a form that two happenings ask for is wanted once, a form of two
/// operations twice. A bệnh án is wanted only by the record that it heads.
pub fn check(cover: &Cover, happened: &[Happened], forms: &[Wanted], papers: &[Paper]) -> Checklist {
    let end = cover.ended_at.map(|at| at + TimeDelta::hours(cover.hours));
    let mut list = Checklist::default();
    for paper in papers {
        list.total += 1;
        let form = forms.iter().find(|f| f.form == paper.form);
        let (why, said, whose, place) = match &paper.progress {
            _ if !paper.returned.is_empty() => (Why::Returned, paper.returned.clone(), paper.whose.clone(), String::new()),
            Progress::Draft => (Why::Draft, "Còn là bản nháp".to_owned(), paper.whose.clone(), String::new()),
            Progress::Amending => (Why::Draft, "Đang sửa, chưa xong".to_owned(), paper.whose.clone(), String::new()),
            Progress::Unsigned { role, whose, place } => (Why::Unsigned, format!("Chờ {role} ký"), whose.clone(), place.clone()),
            Progress::Complete => {
                list.done += 1;
                list.complete.push((paper.document, paper.title.clone()));
                continue;
            }
        };
        let due = form.and_then(|f| term(f, happened)).or(end);
        list.gaps.push(Gap {
            why,
            title: paper.title.clone(),
            form: paper.form.clone(),
            document: Some(paper.document),
            said,
            whose,
            place,
            since: paper.since,
            due,
            deadline: form.map(|f| f.deadline.clone()).unwrap_or_default(),
        });
    }
    for form in forms {
        let there = papers.iter().filter(|p| p.form == form.form).count();
        let times = times(cover, form, happened);
        for at in times.iter().skip(there) {
            list.total += 1;
            list.gaps.push(Gap {
                why: Why::Missing,
                title: form.title.clone(),
                form: form.form.clone(),
                document: None,
                said: "Chưa có".to_owned(),
                whose: cover.doctor.clone(),
                place: String::new(),
                since: *at,
                due: form.within_hours.map(|h| *at + TimeDelta::hours(i64::from(h))).or(end),
                deadline: form.deadline.clone(),
            });
        }
    }
    // What is late first, then what was sent back, then by term.
    list.gaps.sort_by_key(|gap| (gap.due.unwrap_or(DateTime::<Utc>::MAX_UTC), gap.why, gap.title.clone()));
    list
}

/// When a form was asked for: the times of the happening that asks for it most often.
fn times(cover: &Cover, form: &Wanted, happened: &[Happened]) -> Vec<DateTime<Utc>> {
    if form.kind == Kind::BenhAn && form.form != cover.form {
        return Vec::new();
    }
    let mut by_kind: BTreeMap<&'static str, Vec<DateTime<Utc>>> = BTreeMap::new();
    for one in happened.iter().filter(|h| h.what != Happening::YeuCau && form.required_for.contains(&h.what)) {
        by_kind.entry(one.what.key()).or_default().push(one.at);
    }
    let mut times = by_kind.into_values().max_by_key(|times| (times.len(), std::cmp::Reverse(times.iter().min().copied()))).unwrap_or_default();
    // One bệnh án for the whole stay, whatever happened in it.
    if form.kind == Kind::BenhAn {
        times.truncate(1);
    }
    times.sort_unstable();
    times
}

/// The earliest term of a form after what asked for it.
fn term(form: &Wanted, happened: &[Happened]) -> Option<DateTime<Utc>> {
    let hours = TimeDelta::hours(i64::from(form.within_hours?));
    happened.iter().filter(|h| form.required_for.contains(&h.what)).map(|h| h.at + hours).min()
}

/// What a stay makes happen by lasting: the review after fifteen days, for every fifteen.
pub fn by_lasting(opened: DateTime<Utc>, ended: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Vec<Happened> {
    let days = (ended.unwrap_or(now) - opened).num_days();
    (1..=days / 15).map(|n| Happened { what: Happening::Qua15Ngay, at: opened + TimeDelta::days(n * 15) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-{text}:00Z").parse().unwrap()
    }
    fn wanted(form: &str, kind: Kind, required_for: &[Happening], within_hours: Option<u32>) -> Wanted {
        Wanted { form: form.into(), title: form.into(), kind, required_for: required_for.to_vec(), within_hours, deadline: String::new() }
    }
    fn forms() -> Vec<Wanted> {
        vec![
            wanted("01/BV1", Kind::BenhAn, &[Happening::NhapVien, Happening::RaVien], Some(36)),
            wanted("10/BV1", Kind::BenhAn, &[Happening::NhapVien], Some(36)),
            wanted("giay_ra_vien", Kind::Giay, &[Happening::RaVien], None),
            wanted("06/BV2", Kind::Phieu, &[Happening::PhauThuat, Happening::ThuThuat], Some(24)),
            wanted("tom_tat_hsba", Kind::Giay, &[Happening::YeuCau], None),
            wanted("so_ket_15_ngay", Kind::Phieu, &[Happening::Qua15Ngay], Some(24)),
        ]
    }
    fn cover() -> Cover {
        Cover {
            form: "01/BV1".into(),
            is_stay: true,
            opened_at: at("20T02:00"),
            ended_at: Some(at("24T03:00")),
            doctor: "BS. Lê Thị Thu Vân".into(),
            hours: 24,
        }
    }
    fn came(what: Happening, when: &str) -> Happened {
        Happened { what, at: at(when) }
    }
    fn paper(n: u128, form: &str, progress: Progress) -> Paper {
        Paper {
            document: Uuid::from_u128(n),
            form: form.into(),
            title: form.into(),
            progress,
            whose: "BS. Lê Thị Thu Vân".into(),
            since: at("21T02:00"),
            returned: String::new(),
        }
    }

    #[test]
    fn twelve_of_fourteen() {
        let stay = [came(Happening::NhapVien, "20T02:00"), came(Happening::RaVien, "24T03:00")];
        let operated = [stay.as_slice(), &[came(Happening::PhauThuat, "21T02:00"), came(Happening::PhauThuat, "22T02:00")]].concat();
        let waits = Progress::Unsigned { role: "Trưởng khoa".into(), whose: "BSCKII. Võ Thị Hồng Nhung".into(), place: "truong_khoa".into() };
        for (name, happened, papers, (done, total), gaps) in [
            ("nothing begun", stay.to_vec(), vec![], (0, 2), vec![("01/BV1", Why::Missing), ("giay_ra_vien", Why::Missing)]),
            ("all there", stay.to_vec(), vec![paper(1, "01/BV1", Progress::Complete), paper(2, "giay_ra_vien", Progress::Complete)], (2, 2), vec![]),
            (
                "a draft and a signature",
                stay.to_vec(),
                vec![paper(1, "01/BV1", waits), paper(2, "giay_ra_vien", Progress::Draft)],
                (0, 2),
                vec![("01/BV1", Why::Unsigned), ("giay_ra_vien", Why::Draft)],
            ),
            (
                "two operations, one protocol",
                operated,
                vec![paper(1, "01/BV1", Progress::Complete), paper(2, "giay_ra_vien", Progress::Complete), paper(3, "06/BV2", Progress::Complete)],
                (3, 4),
                vec![("06/BV2", Why::Missing)],
            ),
            (
                "what nobody asked for counts too",
                stay.to_vec(),
                vec![paper(1, "01/BV1", Progress::Complete), paper(2, "giay_ra_vien", Progress::Complete), paper(3, "", Progress::Amending)],
                (2, 3),
                vec![("", Why::Draft)],
            ),
            ("a wish is never missing", vec![came(Happening::YeuCau, "21T02:00")], vec![], (0, 0), vec![]),
        ] {
            let list = check(&cover(), &happened, &forms(), &papers);
            assert_eq!((list.done, list.total), (done, total), "{name}");
            assert_eq!(list.gaps.iter().map(|g| (g.form.as_str(), g.why)).collect::<Vec<_>>(), gaps, "{name}");
        }
    }

    #[test]
    fn terms_come_from_the_form_or_from_the_end() {
        let happened = [came(Happening::NhapVien, "20T02:00"), came(Happening::RaVien, "24T03:00")];
        let list = check(&cover(), &happened, &forms(), &[]);
        let due = |form: &str| list.gaps.iter().find(|g| g.form == form).unwrap().due;
        assert_eq!(due("01/BV1"), Some(at("21T14:00")), "36 hours after admission");
        assert_eq!(due("giay_ra_vien"), Some(at("25T03:00")), "24 hours after the end");
        assert!(list.gaps[0].is_late(at("24T03:00")) && !list.gaps[1].is_late(at("24T03:00")));
        let still_here = Cover { ended_at: None, ..cover() };
        assert_eq!(check(&still_here, &happened[..1], &forms(), &[paper(1, "", Progress::Draft)]).gaps.last().unwrap().due, None);
    }

    #[test]
    fn a_return_comes_before_everything_else_about_a_paper() {
        let sent_back = Paper { returned: "Thiếu mã ICD bệnh kèm".into(), ..paper(1, "01/BV1", Progress::Complete) };
        let list = check(&cover(), &[], &forms(), &[sent_back]);
        assert_eq!((list.done, list.gaps[0].why, list.gaps[0].said.as_str()), (0, Why::Returned, "Thiếu mã ICD bệnh kèm"));
    }

    #[test]
    fn every_fifteen_days_a_review() {
        for (days, reviews) in [(0, 0), (14, 0), (15, 1), (29, 1), (30, 2), (46, 3)] {
            let opened = at("01T02:00");
            assert_eq!(by_lasting(opened, Some(opened + TimeDelta::days(days)), opened).len(), reviews, "{days} days");
        }
    }

    proptest! {
        /// Whatever is there: done and missing make the whole, and a complete set of papers leaves nothing open.
        #[test]
        fn done_and_gaps_make_the_whole(states in proptest::collection::vec(0u8..4, 0..12), operations in 0usize..4) {
            let mut happened = vec![came(Happening::NhapVien, "20T02:00")];
            happened.extend((0..operations).map(|_| came(Happening::PhauThuat, "21T02:00")));
            let papers: Vec<Paper> = states.iter().enumerate().map(|(n, state)| paper(n as u128, ["01/BV1", "06/BV2", ""][n % 3], match state {
                0 => Progress::Draft,
                1 => Progress::Amending,
                2 => Progress::Unsigned { role: "Bác sĩ".into(), whose: String::new(), place: "bac_si".into() },
                _ => Progress::Complete,
            })).collect();
            let list = check(&cover(), &happened, &forms(), &papers);
            prop_assert_eq!(list.done + list.gaps.len(), list.total);
            prop_assert!(list.total >= papers.len());
        }
    }
}
