//! Two people agree: one of the planning department, one of the direction, and never one person twice. The same rule
//! stands for opening a record again and for destroying.

use base::{Actor, Problem};
use uuid::Uuid;

/// Whose agreement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Planner,
    Director,
}

/// What was agreed so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    pub planner: Option<Uuid>,
    pub director: Option<Uuid>,
    /// Who asked: asks, and does not agree with themselves.
    pub asked_by: Uuid,
    pub is_closed: bool,
}

impl Agreed {
    pub fn is_complete(&self) -> bool {
        self.planner.is_some() && self.director.is_some()
    }
}

/// On whose side this person agrees now. Refuses who asked, who has agreed already, whose side is taken, and what is
/// decided. A person with both roles takes the side that is free.
pub fn side(agreed: &Agreed, account: Uuid, is_planner: bool, is_director: bool) -> Result<Side, Problem> {
    if agreed.is_closed {
        return Err(Problem::of("Việc này đã quyết định xong. Tải lại trang."));
    }
    if agreed.asked_by == account {
        return Err(Problem::of("Người đề nghị không tự duyệt. Cần hai người khác: phòng Kế hoạch tổng hợp và lãnh đạo."));
    }
    if agreed.planner == Some(account) || agreed.director == Some(account) {
        return Err(Problem::of("Bạn đã duyệt. Người thứ hai phải là người khác."));
    }
    match (is_planner && agreed.planner.is_none(), is_director && agreed.director.is_none()) {
        (true, _) => Ok(Side::Planner),
        (false, true) => Ok(Side::Director),
        (false, false) => Err(Problem::of("Phía của bạn đã có người duyệt. Còn chờ phía kia.")),
    }
}

/// The same for the one who is signed in.
pub fn side_of(agreed: &Agreed, actor: &Actor) -> Result<Side, Problem> {
    side(agreed, actor.account.0, actor.has_role("planner"), actor.has_role("director"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_different_people_of_two_sides() {
        let (lan, tam, loc) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let asked = Agreed { asked_by: loc, ..Agreed::default() };
        assert_eq!(side(&asked, lan, true, false), Ok(Side::Planner));
        assert_eq!(side(&asked, tam, false, true), Ok(Side::Director));
        assert!(side(&asked, loc, true, true).is_err(), "who asked does not agree");
        let once = Agreed { planner: Some(lan), ..asked.clone() };
        assert!(side(&once, lan, true, true).is_err(), "not twice, whatever the roles");
        assert!(side(&once, Uuid::from_u128(4), true, false).is_err(), "the planners have spoken");
        assert_eq!(side(&once, tam, false, true), Ok(Side::Director));
        assert!(side(&Agreed { is_closed: true, ..once }, tam, false, true).is_err());
        assert_eq!(side(&asked, tam, true, true), Ok(Side::Planner), "both roles: one side");
    }
}
