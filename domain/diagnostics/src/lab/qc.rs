//! Internal quality control: targets of control materials as they are typed, and the Levey-Jennings chart.

use super::result::{decimal, show_limit};
use super::westgard;
use base::{Problems, parse_date_vi};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use std::fmt::Write;

/// A control material with its target, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LotForm {
    pub id: String,
    pub level: String,
    pub material: String,
    pub lot_no: String,
    pub mean: String,
    pub sd: String,
    pub expires_on: String,
}

/// The same, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    pub level: i32,
    pub material: String,
    pub lot_no: String,
    pub mean: Decimal,
    pub sd: Decimal,
    pub expires_on: NaiveDate,
}

/// Reads the form. Refuses an unknown level, missing names, a deviation that is not positive and a lot that has expired.
pub fn check_lot(form: &LotForm, today: NaiveDate) -> Result<Lot, Problems> {
    let mut problems = Problems::none();
    let line = |typed: &str| typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let level = form.level.trim().parse().ok().filter(|level| (1..=3).contains(level));
    problems.add_if(level.is_none(), "level", "Chọn mức 1, 2 hoặc 3.");
    let (material, lot_no) = (line(&form.material), line(&form.lot_no));
    problems.add_if(material.is_empty() || material.chars().count() > 120, "material", "Ghi tên mẫu nội kiểm, tối đa 120 ký tự.");
    problems.add_if(lot_no.is_empty() || lot_no.chars().count() > 40, "lot_no", "Ghi số lô trên nhãn, tối đa 40 ký tự.");
    let mean = decimal(&form.mean);
    problems.add_if(mean.is_none(), "mean", "Giá trị trung bình là số, ví dụ 4,1.");
    let sd = decimal(&form.sd).filter(|sd| *sd > Decimal::ZERO);
    problems.add_if(sd.is_none(), "sd", "Độ lệch chuẩn (SD) là số lớn hơn 0, ví dụ 0,12.");
    let expires_on = parse_date_vi(&form.expires_on);
    problems.add_if(expires_on.is_none(), "expires_on", "Hạn dùng ghi như 31/12/2026.");
    problems.add_if(
        expires_on.is_some_and(|day| day < today),
        "expires_on",
        "Lô này đã hết hạn nên không dùng làm nội kiểm được.",
    );
    problems.or(Lot {
        level: level.unwrap_or(1),
        material,
        lot_no,
        mean: mean.unwrap_or_default(),
        sd: sd.unwrap_or(Decimal::ONE),
        expires_on: expires_on.unwrap_or(today),
    })
}

/// A point of the chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    pub run_at: DateTime<Utc>,
    pub value: Decimal,
    pub is_rejected: bool,
    pub broken: Vec<String>,
}

/// How many runs one chart shows.
pub const RUNS_SHOWN: usize = 30;

/// The Levey-Jennings chart as SVG: the mean, ±1, ±2 and ±3 SD, and the runs from left to right, oldest first. What was
/// rejected is a cross, a warning an empty circle, so that nothing hangs on colour alone.
pub fn levey_jennings(mean: Decimal, sd: Decimal, points: &[Point], label: &str) -> String {
    const WIDTH: f64 = 720.0;
    const LEFT: f64 = 56.0;
    const STEP: f64 = 26.0;
    let y = |z: f64| 20.0 + (3.5 - z.clamp(-3.5, 3.5)) * STEP;
    let height = y(-3.5) + 24.0;
    let mut svg = format!("<svg class=\"lj\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">", escaped(label));
    for z in -3..=3 {
        let class = ["mean", "one", "two", "three"][usize::try_from(i32::abs(z)).unwrap_or(0)];
        let at = y(f64::from(z));
        let limit = show_limit((mean + sd * Decimal::from(z)).round_dp(3));
        let name = if z == 0 { "TB".to_owned() } else { format!("{z:+}SD") };
        let _ = write!(
            svg,
            "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at}\" y2=\"{at}\"/><text x=\"{}\" y=\"{}\" class=\"side\">{limit}</text><text x=\"{}\" y=\"{}\">{name}</text>",
            WIDTH - 46.0,
            LEFT - 6.0,
            at + 4.0,
            WIDTH - 40.0,
            at + 4.0,
        );
    }
    let shown = &points[points.len().saturating_sub(RUNS_SHOWN)..];
    let gap = (WIDTH - LEFT - 70.0) / (RUNS_SHOWN as f64 - 1.0);
    let place = |i: usize, point: &Point| {
        let z = westgard::z(point.value, mean, sd).and_then(|z| z.to_f64()).unwrap_or(0.0);
        (LEFT + 12.0 + gap * i as f64, y(z))
    };
    let path: Vec<String> =
        shown.iter().enumerate().map(|(i, p)| { let (x, y) = place(i, p); format!("{x:.1},{y:.1}") }).collect();
    let _ = write!(svg, "<polyline class=\"run\" points=\"{}\"/>", path.join(" "));
    for (i, point) in shown.iter().enumerate() {
        let (x, y) = place(i, point);
        let at = base::local_time(point.run_at).format("%d/%m %H:%M");
        let words = if point.broken.is_empty() { String::new() } else { format!(" · {}", point.broken.join(", ")) };
        let title = format!("<title>{at} · {}{words}</title>", show_limit(point.value));
        let _ = if point.is_rejected {
            write!(svg, "<path class=\"bad\" d=\"M{:.1} {:.1}l9 9m0-9l-9 9\">{title}</path>", x - 4.5, y - 4.5)
        } else {
            let class = if point.broken.is_empty() { "dot" } else { "warn" };
            write!(svg, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\">{title}</circle>")
        };
    }
    let days = [shown.first(), shown.last()];
    for (point, x) in days.into_iter().flatten().zip([LEFT + 12.0, LEFT + 12.0 + gap * shown.len().saturating_sub(1) as f64]) {
        let _ = write!(svg, "<text class=\"day\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>", height - 4.0, base::local_time(point.run_at).format("%d/%m"));
    }
    svg.push_str("</svg>");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_needs_a_deviation_and_a_living_lot() {
        let form = LotForm {
            level: "2".into(),
            material: "Control N".into(),
            lot_no: "A1".into(),
            mean: "4,1".into(),
            sd: "0,1".into(),
            expires_on: "31/12/2026".into(),
            ..LotForm::default()
        };
        let today = "2026-11-24".parse().unwrap();
        assert_eq!(check_lot(&form, today).unwrap().mean, Decimal::new(41, 1));
        for (odd, field) in [
            (LotForm { sd: "0".into(), ..form.clone() }, "sd"),
            (LotForm { sd: "-1".into(), ..form.clone() }, "sd"),
            (LotForm { level: "4".into(), ..form.clone() }, "level"),
            (LotForm { mean: "x".into(), ..form.clone() }, "mean"),
            (LotForm { lot_no: " ".into(), ..form.clone() }, "lot_no"),
            (LotForm { expires_on: "23/11/2026".into(), ..form.clone() }, "expires_on"),
        ] {
            assert!(!check_lot(&odd, today).unwrap_err().at(field).is_empty(), "{field}");
        }
    }

    #[test]
    fn the_chart_shows_runs_and_tells_what_was_rejected() {
        let at = "2026-11-24T01:00:00Z".parse().unwrap();
        let point = |value: i64, rejected: bool| Point {
            run_at: at,
            value: Decimal::new(value, 1),
            is_rejected: rejected,
            broken: if rejected { vec!["1-3s".into()] } else { vec![] },
        };
        let svg = levey_jennings(Decimal::from(4), Decimal::new(1, 1), &[point(40, false), point(45, true)], "Kali <mức 1>");
        assert_eq!((svg.matches("<circle").count(), svg.matches("class=\"bad\"").count()), (1, 1));
        assert!(svg.contains("Kali &lt;mức 1&gt;") && svg.contains("1-3s") && svg.contains(">4,3<"));
        assert!(levey_jennings(Decimal::ONE, Decimal::ONE, &[], "").ends_with("</svg>"));
    }
}
