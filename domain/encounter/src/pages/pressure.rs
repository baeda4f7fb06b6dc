//! The picture of earlier blood pressures: a bar from diastolic to systolic for each.

use crate::store::vitals::VitalsRow;
use crate::vitals::Measure;
use base::show_date;

/// A bar of the blood-pressure picture, in its own coordinates.
pub struct Bar {
    pub x: i32,
    pub top: i32,
    pub bottom: i32,
    pub label: String,
}

/// Up to ten earlier blood pressures as bars from diastolic to systolic, oldest at the left, in a box of 680 × 90 where
/// 200 mmHg is the top and 40 mmHg the bottom; and the same in one sentence.
pub fn pressure_bars(rows: &[VitalsRow]) -> (Vec<Bar>, String) {
    let pressures: Vec<(i32, i32, String)> = rows
        .iter()
        .take(10)
        .filter_map(|row| {
            let vitals = row.vitals();
            let day = show_date(base::local_date(row.measured_at));
            Some((vitals.get(Measure::Systolic)?, vitals.get(Measure::Diastolic)?, day))
        })
        .collect();
    let y = |mmhg: i32| (200 - mmhg.clamp(40, 200)) * 90 / 160;
    let step = 680 / (pressures.len() as i32 + 1).max(1);
    let bars = pressures
        .iter()
        .rev()
        .enumerate()
        .map(|(i, (high, low, day))| Bar {
            x: step * (i as i32 + 1),
            top: y(*high),
            bottom: y(*low),
            label: format!("{day}: {high}/{low}"),
        })
        .collect();
    let text = pressures.first().map(|(high, low, _)| format!("gần nhất {high}/{low}")).unwrap_or_default();
    (bars, text)
}
