//! What an agent does: signed in for calls or not, free, on a call, or writing up the last one.

use serde::{Deserialize, Serialize};

/// The state of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AgentState {
    Offline,
    Free,
    Busy,
    Rest,
    Ringing,
    Talking,
    WrapUp,
}

impl AgentState {
    pub const ALL: [Self; 7] =
        [Self::Offline, Self::Free, Self::Busy, Self::Rest, Self::Ringing, Self::Talking, Self::WrapUp];
    /// Those that an agent sets himself.
    pub const SET: [Self; 4] = [Self::Offline, Self::Free, Self::Busy, Self::Rest];

    /// The wire's own word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Free => "free",
            Self::Busy => "busy",
            Self::Rest => "rest",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::WrapUp => "wrap-up",
        }
    }

    /// What people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Offline => "签出",
            Self::Free => "示闲",
            Self::Busy => "示忙",
            Self::Rest => "小休",
            Self::Ringing => "振铃",
            Self::Talking => "通话",
            Self::WrapUp => "整理",
        }
    }

    /// The state of this name, in either language.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        match text.as_str() {
            "签入" | "online" => Some(Self::Free),
            _ => Self::ALL.into_iter().find(|state| state.name() == text || state.title() == text),
        }
    }

    /// Whether the telephone says so, not the agent.
    #[must_use]
    pub fn is_of_call(self) -> bool {
        matches!(self, Self::Ringing | Self::Talking)
    }
}
