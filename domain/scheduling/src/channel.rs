//! By which way a booking came. One request object for all of them; the channel only decides quota and statistics.

/// A way to book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    App,
    Web,
    Call,
    Sms,
    Chat,
    Kiosk,
    WalkIn,
    Partner,
    FollowUp,
    Desk,
}

impl Channel {
    pub const ALL: [Channel; 10] = [
        Channel::App,
        Channel::Web,
        Channel::Call,
        Channel::Sms,
        Channel::Chat,
        Channel::Kiosk,
        Channel::WalkIn,
        Channel::Partner,
        Channel::FollowUp,
        Channel::Desk,
    ];

    /// The word in the database and in quotas.
    pub fn key(self) -> &'static str {
        match self {
            Channel::App => "app",
            Channel::Web => "web",
            Channel::Call => "call",
            Channel::Sms => "sms",
            Channel::Chat => "chat",
            Channel::Kiosk => "kiosk",
            Channel::WalkIn => "walk_in",
            Channel::Partner => "partner",
            Channel::FollowUp => "follow_up",
            Channel::Desk => "desk",
        }
    }

    pub fn from_key(key: &str) -> Option<Channel> {
        Channel::ALL.into_iter().find(|c| c.key() == key)
    }

    /// The word on screen.
    pub fn shown(self) -> &'static str {
        match self {
            Channel::App => "Ứng dụng",
            Channel::Web => "Web",
            Channel::Call => "Tổng đài",
            Channel::Sms => "Tin nhắn",
            Channel::Chat => "Trợ lý",
            Channel::Kiosk => "Kiosk",
            Channel::WalkIn => "Tại chỗ",
            Channel::Partner => "Đối tác",
            Channel::FollowUp => "Hẹn khám lại",
            Channel::Desk => "Quầy hẹn",
        }
    }

    /// Staff on the phone or at the desk: no notice time, may add an extra place.
    pub fn is_staff(self) -> bool {
        matches!(self, Channel::Call | Channel::WalkIn | Channel::FollowUp | Channel::Desk)
    }

    /// This channel where staff may use it, otherwise `desk`: a change made by staff counts as theirs only when the
    /// first booking did not come from a channel with places of its own.
    pub fn staff_or(self, desk: Channel) -> Channel {
        if self.is_staff() { self } else { desk }
    }

    /// The source that the visit keeps (`encounter_encounter.source`).
    pub fn source(self) -> &'static str {
        match self {
            Channel::WalkIn => "walk_in",
            Channel::Call => "call_center",
            Channel::App => "app",
            _ => "booked",
        }
    }
}
