//! How records are written, and what becomes of them.

/// What becomes of a record and of the customer that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// All are new: a number that somebody has is refused.
    #[default]
    Create,
    /// Those that match are changed, the others refused.
    Update,
    /// Those that match are changed, the others created.
    Upsert,
    /// Those that match stay as they are, the others are created.
    Skip,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Upsert, Self::Skip];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Skip => "skip",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name().eq_ignore_ascii_case(name.trim()))
    }

    /// Whether customers are changed who are there already.
    #[must_use]
    pub fn changes(self) -> bool {
        matches!(self, Self::Update | Self::Upsert)
    }
}

/// By what a record matches a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatchBy {
    /// By its id or, where nobody has it, by a number.
    #[default]
    IdOrPhone,
    Id,
    Phone,
}

impl MatchBy {
    pub const ALL: [Self; 3] = [Self::IdOrPhone, Self::Id, Self::Phone];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::IdOrPhone => "idOrPhone",
            Self::Id => "id",
            Self::Phone => "phone",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.name().eq_ignore_ascii_case(name.trim()))
    }
}

/// How records are written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan {
    pub mode: Mode,
    pub by: MatchBy,
    /// Whether nothing is written, and only told what would become of each.
    pub is_trial: bool,
}

/// What has become of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    Created,
    Updated,
    /// The customer is as the record wants it already.
    Unchanged,
    Skipped,
}
