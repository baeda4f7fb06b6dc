//! The words of a dose sentence as data: what prescribers type, folded, and what each piece means.

use super::{Cause, Meal, Side, Unit, Way};

/// Part of the day, in the order of the day.
pub const SLOTS: [(&[&str], usize); 4] =
    [(&["s", "sang"], 0), (&["tr", "trua"], 1), (&["c", "chieu"], 2), (&["t", "toi"], 3)];

/// The parts of the day in Vietnamese, in the same order.
pub const SLOT_NAMES: [&str; 4] = ["sáng", "trưa", "chiều", "tối"];

/// What is counted. `g` is missing on purpose: it may be a gram or a "gói", so it is asked back.
pub const UNITS: &[(&str, Unit)] = &[
    ("don vi", Unit::InternationalUnit),
    ("muong ca phe", Unit::Spoon),
    ("thia ca phe", Unit::Spoon),
    ("muong", Unit::Spoon),
    ("thia", Unit::Spoon),
    ("mieng dan", Unit::Patch),
    ("mieng", Unit::Patch),
    ("vien", Unit::Tablet),
    ("v", Unit::Tablet),
    ("goi", Unit::Sachet),
    ("ong", Unit::Ampoule),
    ("lo", Unit::Vial),
    ("chai", Unit::Bottle),
    ("tuyp", Unit::Tube),
    ("tup", Unit::Tube),
    ("ml", Unit::Millilitre),
    ("giot", Unit::Drop),
    ("gt", Unit::Drop),
    ("nhat hit", Unit::Puff),
    ("nhat xit", Unit::Puff),
    ("nhat", Unit::Puff),
    ("xit", Unit::Puff),
    ("hit", Unit::Puff),
    ("ui", Unit::InternationalUnit),
    ("iu", Unit::InternationalUnit),
    ("dv", Unit::InternationalUnit),
    ("gam", Unit::Gram),
];

/// Phrases that say what must happen before a dose is taken.
pub const CAUSES: &[(&str, Cause)] = &[
    ("can", Cause::Needed),
    ("can thiet", Cause::Needed),
    ("sot", Cause::Fever),
    ("dau", Cause::Pain),
    ("dau dau", Cause::Headache),
    ("nhuc dau", Cause::Headache),
    ("dau bung", Cause::BellyAche),
    ("dau nguc", Cause::ChestPain),
    ("ho", Cause::Cough),
    ("kho tho", Cause::Breathless),
    ("non", Cause::Vomiting),
    ("oi", Cause::Vomiting),
    ("ngua", Cause::Itch),
    ("mat ngu", Cause::Sleepless),
    ("kho ngu", Cause::Sleepless),
    ("tieu long", Cause::LooseStool),
    ("tieu chay", Cause::LooseStool),
    ("chong mat", Cause::Dizzy),
];

/// How the cause is printed after "khi".
pub fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Needed => "cần",
        Cause::Fever => "sốt",
        Cause::Pain => "đau",
        Cause::Headache => "đau đầu",
        Cause::BellyAche => "đau bụng",
        Cause::ChestPain => "đau ngực",
        Cause::Cough => "ho",
        Cause::Breathless => "khó thở",
        Cause::Vomiting => "nôn",
        Cause::Itch => "ngứa",
        Cause::Sleepless => "mất ngủ",
        Cause::LooseStool => "tiêu lỏng",
        Cause::Dizzy => "chóng mặt",
    }
}

/// Relation to meals. Minutes may follow "before" and "after".
pub const MEALS: &[(&str, Meal)] = &[
    ("sa", Meal::After { minutes: None }),
    ("sau an", Meal::After { minutes: None }),
    ("sau bua an", Meal::After { minutes: None }),
    ("sau khi an", Meal::After { minutes: None }),
    ("ta", Meal::Before { minutes: None }),
    ("tr an", Meal::Before { minutes: None }),
    ("truoc an", Meal::Before { minutes: None }),
    ("truoc bua an", Meal::Before { minutes: None }),
    ("truoc khi an", Meal::Before { minutes: None }),
    ("trong an", Meal::With),
    ("trong bua an", Meal::With),
    ("trong khi an", Meal::With),
    ("khi doi", Meal::EmptyStomach),
    ("luc doi", Meal::EmptyStomach),
    ("bung doi", Meal::EmptyStomach),
];

pub const BEDTIME: &[&str] = &["truoc ngu", "truoc khi ngu", "truoc luc ngu", "tr ngu"];

/// What is done with the medicine. Longer phrases win over shorter ones.
pub const WAYS: &[(&str, Way)] = &[
    ("uong", Way::Swallow),
    ("ngam duoi luoi", Way::UnderTongue),
    ("dat duoi luoi", Way::UnderTongue),
    ("ngam", Way::Suck),
    ("nhai", Way::Chew),
    ("dat hau mon", Way::Rectal),
    ("nhet hau mon", Way::Rectal),
    ("dat am dao", Way::Vaginal),
    ("boi", Way::Skin),
    ("boi da", Way::Skin),
    ("thoa", Way::Skin),
    ("nho mat", Way::Eye(Side::Unsaid)),
    ("nho mat phai", Way::Eye(Side::Right)),
    ("nho mat trai", Way::Eye(Side::Left)),
    ("nho hai mat", Way::Eye(Side::Both)),
    ("nho mat hai ben", Way::Eye(Side::Both)),
    ("mp", Way::Eye(Side::Right)),
    ("mt", Way::Eye(Side::Left)),
    ("hai mat", Way::Eye(Side::Both)),
    ("mat phai", Way::Eye(Side::Right)),
    ("mat trai", Way::Eye(Side::Left)),
    ("nho mui", Way::Nose(Side::Unsaid)),
    ("nho mui phai", Way::Nose(Side::Right)),
    ("nho mui trai", Way::Nose(Side::Left)),
    ("nho mui hai ben", Way::Nose(Side::Both)),
    ("nho tai", Way::Ear(Side::Unsaid)),
    ("nho tai phai", Way::Ear(Side::Right)),
    ("nho tai trai", Way::Ear(Side::Left)),
    ("nho tai hai ben", Way::Ear(Side::Both)),
    ("xit mui", Way::NoseSpray),
    ("xit hong", Way::ThroatSpray),
    ("xit hong mieng", Way::ThroatSpray),
    ("hit", Way::Inhale),
    ("hit mieng", Way::Inhale),
    ("khi dung", Way::Nebulise),
    ("suc mieng", Way::Gargle),
    ("suc hong", Way::Gargle),
    ("tiem duoi da", Way::UnderSkin),
    ("tdd", Way::UnderSkin),
    ("tiem bap", Way::IntoMuscle),
    ("tb", Way::IntoMuscle),
    ("tiem tinh mach", Way::IntoVein),
    ("tmc", Way::IntoVein),
];

/// How the way is read back; every one of these is also understood.
pub fn way_name(way: Way) -> &'static str {
    match way {
        Way::Swallow => "uống",
        Way::UnderTongue => "ngậm dưới lưỡi",
        Way::Suck => "ngậm",
        Way::Chew => "nhai",
        Way::Rectal => "đặt hậu môn",
        Way::Vaginal => "đặt âm đạo",
        Way::Skin => "bôi",
        Way::Eye(Side::Unsaid) => "nhỏ mắt",
        Way::Eye(Side::Right) => "nhỏ mắt phải",
        Way::Eye(Side::Left) => "nhỏ mắt trái",
        Way::Eye(Side::Both) => "nhỏ hai mắt",
        Way::Nose(Side::Unsaid) => "nhỏ mũi",
        Way::Nose(Side::Right) => "nhỏ mũi phải",
        Way::Nose(Side::Left) => "nhỏ mũi trái",
        Way::Nose(Side::Both) => "nhỏ mũi hai bên",
        Way::Ear(Side::Unsaid) => "nhỏ tai",
        Way::Ear(Side::Right) => "nhỏ tai phải",
        Way::Ear(Side::Left) => "nhỏ tai trái",
        Way::Ear(Side::Both) => "nhỏ tai hai bên",
        Way::NoseSpray => "xịt mũi",
        Way::ThroatSpray => "xịt họng",
        Way::Inhale => "hít miệng",
        Way::Nebulise => "khí dung",
        Way::Gargle => "súc miệng",
        Way::UnderSkin => "tiêm dưới da",
        Way::IntoMuscle => "tiêm bắp",
        Way::IntoVein => "tiêm tĩnh mạch",
    }
}

/// The unit as it is read back and printed.
pub fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Tablet => "viên",
        Unit::Sachet => "gói",
        Unit::Ampoule => "ống",
        Unit::Vial => "lọ",
        Unit::Bottle => "chai",
        Unit::Tube => "tuýp",
        Unit::Millilitre => "ml",
        Unit::Drop => "giọt",
        Unit::Puff => "nhát",
        Unit::InternationalUnit => "đơn vị",
        Unit::Gram => "gam",
        Unit::Spoon => "muỗng",
        Unit::Patch => "miếng",
        Unit::Application => "lần",
    }
}

/// Weekdays by word; 2 = Monday … 8 = Sunday.
pub const WEEKDAYS: &[(&str, u8)] = &[
    ("thu hai", 2),
    ("thu ba", 3),
    ("thu tu", 4),
    ("thu nam", 5),
    ("thu sau", 6),
    ("thu bay", 7),
    ("chu nhat", 8),
    ("cn", 8),
];

/// The same weekdays as they are read back.
pub fn weekday_name(day: u8) -> &'static str {
    match day {
        2 => "thứ hai",
        3 => "thứ ba",
        4 => "thứ tư",
        5 => "thứ năm",
        6 => "thứ sáu",
        7 => "thứ bảy",
        _ => "chủ nhật",
    }
}
