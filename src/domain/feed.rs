//! The kinds of a customer's history.

/// A kind of feed item, named as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedKind {
    Ticket,
    CustomerFollowUp,
    CallLog,
    TextMsgLog,
    Alternation,
}

impl FeedKind {
    pub const ALL: [Self; 5] =
        [Self::Ticket, Self::CustomerFollowUp, Self::CallLog, Self::TextMsgLog, Self::Alternation];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ticket => "Ticket",
            Self::CustomerFollowUp => "CustomerFollowUp",
            Self::CallLog => "CallLog",
            Self::TextMsgLog => "TextMsgLog",
            Self::Alternation => "Alternation",
        }
    }

    /// The kinds that a `feed_type` asks for: one, or every one for `All`.
    #[must_use]
    pub fn select(feed_type: &str) -> Option<&'static [Self]> {
        let feed_type = feed_type.trim();
        if feed_type.eq_ignore_ascii_case("All") {
            return Some(&Self::ALL);
        }
        let index = Self::ALL.iter().position(|kind| kind.name().eq_ignore_ascii_case(feed_type))?;
        Self::ALL.get(index..=index)
    }

    /// The kind a stored item names.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
