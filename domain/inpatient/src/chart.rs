//! A line chart drawn as plain SVG figures: the page only places points, so that nothing moves while a nurse looks.

use chrono::{DateTime, TimeDelta, Utc};

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub at: DateTime<Utc>,
    pub value: f64,
}

/// A line with its name, ready to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub name: String,
    /// `x,y x,y …` for a polyline.
    pub points: String,
    pub dots: Vec<Dot>,
    pub class: &'static str,
    /// The last value in words.
    pub last: String,
}

/// One dot with what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    pub x: i32,
    pub y: i32,
    pub title: String,
}

/// A day line or a scale mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub at: i32,
    pub word: String,
}

/// A whole chart in a box of 900 × 190.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    pub title: &'static str,
    pub lines: Vec<Line>,
    pub days: Vec<Mark>,
    pub left: Vec<Mark>,
    pub right: Vec<Mark>,
}

/// The drawing area inside the box.
const LEFT: f64 = 40.0;
const RIGHT: f64 = 860.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 160.0;
const CLASSES: [&str; 2] = ["one", "two"];

/// Draws lines, each with its own scale (least, most): name, points, least, most. All share the time axis, which spans at
/// least a day. The scale of the first line stands at the left, that of the second at the right.
pub fn chart(title: &'static str, lines: &[(&str, Vec<Point>, f64, f64)]) -> Chart {
    let times: Vec<DateTime<Utc>> = lines.iter().flat_map(|(_, points, ..)| points.iter().map(|p| p.at)).collect();
    let first = times.iter().min().copied().unwrap_or_default();
    let last = times.iter().max().copied().unwrap_or(first).max(first + TimeDelta::days(1));
    let span = (last - first).num_seconds().max(1) as f64;
    let x = |at: DateTime<Utc>| LEFT + (at - first).num_seconds() as f64 / span * (RIGHT - LEFT);
    let y = |value: f64, least: f64, most: f64| BOTTOM - ((value - least) / (most - least)).clamp(0.0, 1.0) * (BOTTOM - TOP);
    let scale = |least: f64, most: f64| -> Vec<Mark> {
        (0..=4)
            .map(|n| {
                let value = least + (most - least) * f64::from(n) / 4.0;
                Mark { at: y(value, least, most).round() as i32, word: if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}").replace('.', ",") } }
            })
            .collect()
    };
    let mut day = base::local_date(first);
    let mut days = Vec::new();
    while base::dates::start_of_day(day) <= last && days.len() < 60 {
        let at = base::dates::start_of_day(day);
        if at >= first {
            days.push(Mark { at: x(at).round() as i32, word: day.format("%d/%m").to_string() });
        }
        day = day + chrono::Days::new(1);
    }
    Chart {
        title,
        lines: lines
            .iter()
            .enumerate()
            .map(|(n, (name, points, least, most))| {
                let dots: Vec<Dot> = points
                    .iter()
                    .map(|p| Dot {
                        x: x(p.at).round() as i32,
                        y: y(p.value, *least, *most).round() as i32,
                        title: format!("{} {name}: {}", base::local_time(p.at).format("%d/%m %H:%M"), format!("{}", p.value).replace('.', ",")),
                    })
                    .collect();
                Line {
                    name: (*name).to_owned(),
                    points: dots.iter().map(|d| format!("{},{}", d.x, d.y)).collect::<Vec<_>>().join(" "),
                    last: points.last().map(|p| format!("{}", p.value).replace('.', ",")).unwrap_or_default(),
                    class: CLASSES[n % 2],
                    dots,
                }
            })
            .collect(),
        days,
        left: lines.first().map(|(_, _, least, most)| scale(*least, *most)).unwrap_or_default(),
        right: lines.get(1).filter(|(_, _, least, most)| lines.first().is_some_and(|(_, _, l, m)| l != least || m != most)).map(|(_, _, least, most)| scale(*least, *most)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stay_inside_the_box_whatever_was_measured() {
        let at = |h: i64| "2026-11-24T01:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(h);
        let points = vec![Point { at: at(0), value: 38.5 }, Point { at: at(30), value: 99.0 }, Point { at: at(70), value: -4.0 }];
        let drawn = chart("Nhiệt độ", &[("Nhiệt độ", points, 35.0, 41.0)]);
        assert_eq!(drawn.lines[0].dots.len(), 3);
        assert!(drawn.lines[0].dots.iter().all(|d| (40..=860).contains(&d.x) && (12..=160).contains(&d.y)));
        assert_eq!(drawn.days.iter().map(|d| d.word.as_str()).collect::<Vec<_>>(), ["25/11", "26/11", "27/11"]);
        assert!(drawn.right.is_empty());
    }

    #[test]
    fn nothing_measured_draws_nothing() {
        let drawn = chart("Mạch", &[("Mạch", Vec::new(), 40.0, 180.0)]);
        assert!(drawn.lines[0].dots.is_empty());
    }
}
