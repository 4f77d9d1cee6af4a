//! Conditions on columns of a customer, for searches that are put together by whoever asks.

use super::Engine;
use super::dynamic::Sql;

/// What a search asks besides its filters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    pub join: Join,
    pub tests: Vec<(Column, Test)>,
    /// Columns to sort by; the newest first where they say nothing.
    pub order: Vec<(Column, Direction)>,
    /// Whether those who are equal come in the direction of the first of these.
    pub ids_follow: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Join {
    #[default]
    All,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Id,
    /// Folded, as names are compared.
    Name,
    FirstPhone,
    Address,
    Type,
    /// The login number in lower case.
    Owner,
    Group,
    /// In seconds, as it is shown.
    CreatedAt,
    CreatedBy,
    /// In seconds, as it is shown.
    UpdatedAt,
    UpdatedBy,
    /// What the owner, the group, the creator and the last who changed the customer are called.
    OwnerName,
    GroupName,
    CreatorName,
    ChangerName,
    /// Whether iBiz PLM counts it as deleted: 1 or 0.
    Deleted,
    /// Folded, as names are compared.
    Company,
    /// The deal status.
    Flag,
    Source,
    Task,
    Star,
    FollowCount,
    LastAccept,
    AssignedAt,
    FollowedAt,
    /// A field of the company's own, as a text.
    Custom(i64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    Is(Operand),
    OneOf(Vec<Operand>),
    /// True also where there is nothing.
    IsNot(Operand),
    Above(Operand),
    Below(Operand),
    Holds(String),
    /// True also where there is nothing.
    Lacks(String),
    Empty,
    Filled,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    Integer(i64),
    Text(String),
}

/// What a member of the staff is called who stands in a column.
macro_rules! called {
    ($key:literal) => {
        called!("name", $key)
    };
    ($column:literal, $key:literal) => {
        concat!("(select s.", $column, " from staff s where s.company_id = c.company_id and s.login_key = ", $key, ")")
    };
}

impl Column {
    fn push<'s>(self, sql: &'s mut Sql, engine: &Engine) -> &'s mut Sql {
        let Self::Custom(id) = self else { return sql.push(self.text(engine)) };
        let path = format!("$.\"{id}\"");
        match engine {
            // What is no text, as it is written.
            Engine::Sqlite(_) => {
                sql.push("nullif(case json_type(c.custom, ").bind(path.as_str());
                sql.push(") when 'text' then c.custom ->> ").bind(path.as_str());
                sql.push(" else c.custom -> ").bind(path.as_str()).push(" end, '')")
            }
            Engine::Postgres(_) => sql.push("nullif(c.custom::json ->> ").bind(id.to_string().as_str()).push(", '')"),
        }
    }

    fn is_text(self) -> bool {
        !matches!(
            self,
            Self::Id
                | Self::Group
                | Self::CreatedAt
                | Self::UpdatedAt
                | Self::Deleted
                | Self::Task
                | Self::Star
                | Self::FollowCount
                | Self::AssignedAt
                | Self::FollowedAt
        )
    }

    fn may_be_null(self) -> bool {
        !matches!(
            self,
            Self::Id
                | Self::Name
                | Self::CreatedAt
                | Self::CreatedBy
                | Self::UpdatedAt
                | Self::UpdatedBy
                | Self::Deleted
        ) && !self.is_keyed()
    }

    /// Whether it is sorted by what every customer has, so that one page can begin where another ended.
    #[must_use]
    pub fn is_keyed(self) -> bool {
        matches!(
            self,
            Self::Name
                | Self::CreatedAt
                | Self::UpdatedAt
                | Self::AssignedAt
                | Self::FollowedAt
                | Self::FollowCount
                | Self::Star
        )
    }

    /// A time in microseconds, where it is one.
    pub(super) fn moment(self) -> Option<&'static str> {
        match self {
            Self::CreatedAt => Some("c.created_at"),
            Self::UpdatedAt => Some("c.updated_at"),
            Self::AssignedAt => Some("c.assigned_at"),
            Self::FollowedAt => Some("c.last_follow_at"),
            _ => None,
        }
    }

    fn text(self, engine: &Engine) -> &'static str {
        match self {
            Self::Id => "c.id",
            Self::Name => "nullif(c.name_key, '')",
            Self::FirstPhone => match engine {
                Engine::Sqlite(_) => "(c.phones ->> '$[0].content')",
                Engine::Postgres(_) => "(c.phones::json -> 0 ->> 'content')",
            },
            Self::Address => "nullif(c.address, '')",
            Self::Type => "c.type_value",
            Self::Owner => "c.owner_key",
            Self::Group => "c.group_id",
            Self::CreatedAt => "(c.created_at / 1000000)",
            Self::CreatedBy => "c.created_by",
            Self::UpdatedAt => "(c.updated_at / 1000000)",
            Self::UpdatedBy => "c.updated_by",
            Self::OwnerName => called!("c.owner_key"),
            Self::CreatorName => called!("lower(c.created_by)"),
            Self::ChangerName => called!("lower(c.updated_by)"),
            Self::GroupName => {
                "(select g.name from service_group g where g.company_id = c.company_id and g.id = c.group_id)"
            }
            Self::Deleted => {
                "coalesce((select p.is_deleted from plm_customer p where p.company_id = c.company_id and p.customer_id = c.id), 0)"
            }
            Self::Company => "nullif(c.company_key, '')",
            Self::Flag => "c.flag_value",
            Self::Source => "c.source_value",
            Self::Task => "c.task_id",
            Self::Star => "c.star",
            Self::FollowCount => "c.follow_count",
            Self::LastAccept => "nullif(c.last_accept, '')",
            Self::AssignedAt => "c.assigned_at",
            Self::FollowedAt => "c.last_follow_at",
            // Its number is bound.
            Self::Custom(_) => "c.custom",
        }
    }
}

impl Column {
    /// What it is sorted by where that is another than what it is compared by.
    pub(super) fn sorted(self) -> Option<&'static str> {
        match self {
            Self::AssignedAt => Some("coalesce(c.assigned_at, 0)"),
            Self::FollowedAt => Some("coalesce(c.last_follow_at, 0)"),
            Self::FollowCount => Some("c.follow_count"),
            Self::Star => Some("c.star"),
            Self::Name => Some("c.name_sort"),
            Self::OwnerName => Some(called!("name_sort", "c.owner_key")),
            Self::CreatorName => Some(called!("name_sort", "lower(c.created_by)")),
            Self::ChangerName => Some(called!("name_sort", "lower(c.updated_by)")),
            Self::GroupName => Some(
                "(select g.name_sort from service_group g where g.company_id = c.company_id and g.id = c.group_id)",
            ),
            Self::CreatedAt => Some("c.created_at"),
            Self::UpdatedAt => Some("c.updated_at"),
            _ => None,
        }
    }
}

impl Column {
    /// By what name a text that is no name has its place in `sorts`.
    fn sorts(self) -> Option<String> {
        match self {
            Self::Address => Some("address".into()),
            Self::Custom(id) => Some(id.to_string()),
            _ => None,
        }
    }
}

impl Conditions {
    /// Appends ` and (…)`.
    pub(super) fn push(&self, sql: &mut Sql, engine: &Engine) {
        let (begin, between) = match self.join {
            Join::All => (" and (1 = 1", " and "),
            Join::Any => (" and (1 = 0", " or "),
        };
        if self.tests.is_empty() {
            return;
        }
        sql.push(begin);
        for (column, test) in &self.tests {
            sql.push(between);
            push_test(sql, engine, *column, test);
        }
        sql.push(")");
    }

    /// In which direction customers come that are equal otherwise: the newest first, but as their names where those
    /// come first, so that an index has this order already.
    pub(super) fn direction_of_ids(&self) -> &'static str {
        match self.order.first() {
            Some((Column::Name, Direction::Ascending)) => " asc",
            Some((_, Direction::Ascending)) if self.ids_follow => " asc",
            _ => " desc",
        }
    }

    /// Appends the columns of an `order by`, each with a comma behind it: on both engines texts by pinyin, and what is
    /// not there as the least.
    pub(super) fn push_order(&self, sql: &mut Sql, engine: &Engine) {
        for (column, direction) in &self.order {
            let differs = matches!(engine, Engine::Postgres(_));
            match (column.sorted(), column.sorts()) {
                (Some(sorted), _) => drop(sql.push(sorted)),
                (None, Some(field)) => {
                    sql.push(if differs { "coalesce(c.sorts::json ->> " } else { "coalesce(c.sorts ->> " });
                    column.push(sql.bind(field.as_str()).push(", "), engine).push(")");
                }
                (None, None) => drop(column.push(sql, engine)),
            }
            if differs && column.is_text() && column.sorted().is_none() {
                sql.push(" collate \"C\"");
            }
            sql.push(match (direction, differs && column.may_be_null()) {
                (Direction::Ascending, true) => " asc nulls first, ",
                (Direction::Descending, true) => " desc nulls last, ",
                (Direction::Ascending, false) => " asc, ",
                (Direction::Descending, false) => " desc, ",
            });
        }
    }
}

pub(super) fn push_test(sql: &mut Sql, engine: &Engine, column: Column, test: &Test) {
    let find = match engine {
        Engine::Sqlite(_) => "instr(",
        Engine::Postgres(_) => "strpos(",
    };
    match test {
        // As it stands in its index.
        Test::Is(operand) if column == Column::Name => push_operand(sql.push("c.name_key = "), operand),
        Test::Is(operand) if column == Column::Company => push_operand(sql.push("c.company_key = "), operand),
        Test::Is(operand) => push_operand(column.push(sql, engine).push(" = "), operand),
        Test::OneOf(operands) => {
            column.push(sql, engine).push(" in (null");
            for operand in operands {
                push_operand(sql.push(", "), operand);
            }
            sql.push(")");
        }
        Test::IsNot(operand) => {
            let left = column.push(sql.push("("), engine).push(" is null or ");
            push_operand(column.push(left, engine).push(" <> "), operand);
            sql.push(")");
        }
        Test::Above(operand) => push_operand(column.push(sql, engine).push(" > "), operand),
        Test::Below(operand) => push_operand(column.push(sql, engine).push(" < "), operand),
        Test::Holds(part) => {
            column.push(sql.push(find), engine).push(", ").bind(part.as_str()).push(") > 0");
        }
        Test::Lacks(part) => {
            let left = column.push(sql.push("("), engine).push(" is null or ").push(find);
            column.push(left, engine).push(", ").bind(part.as_str()).push(") = 0)");
        }
        Test::Empty => {
            column.push(sql, engine).push(" is null");
        }
        Test::Filled => {
            column.push(sql, engine).push(" is not null");
        }
    }
}

pub(super) fn push_operand(sql: &mut Sql, operand: &Operand) {
    match operand {
        Operand::Integer(number) => sql.bind(*number),
        Operand::Text(text) => sql.bind(text.as_str()),
    };
}
