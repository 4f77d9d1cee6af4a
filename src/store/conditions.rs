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
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    Is(Operand),
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

impl Column {
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

    /// Appends the columns of an `order by`, each with a comma behind it.
    pub(super) fn push_order(&self, sql: &mut Sql, engine: &Engine) {
        for (column, direction) in &self.order {
            let exact = match column {
                Column::CreatedAt => "c.created_at",
                Column::UpdatedAt => "c.updated_at",
                column => column.text(engine),
            };
            sql.push(exact).push(match direction {
                Direction::Ascending => " asc, ",
                Direction::Descending => " desc, ",
            });
        }
    }
}

fn push_test(sql: &mut Sql, engine: &Engine, column: Column, test: &Test) {
    let left = column.text(engine);
    let find = match engine {
        Engine::Sqlite(_) => "instr(",
        Engine::Postgres(_) => "strpos(",
    };
    match test {
        // As it stands in its index.
        Test::Is(operand) if column == Column::Name => push_operand(sql.push("c.name_key = "), operand),
        Test::Is(operand) => push_operand(sql.push(left).push(" = "), operand),
        Test::IsNot(operand) => {
            sql.push("(").push(left).push(" is null or ").push(left).push(" <> ");
            push_operand(sql, operand);
            sql.push(")");
        }
        Test::Above(operand) => push_operand(sql.push(left).push(" > "), operand),
        Test::Below(operand) => push_operand(sql.push(left).push(" < "), operand),
        Test::Holds(part) => {
            sql.push(find).push(left).push(", ").bind(part.as_str()).push(") > 0");
        }
        Test::Lacks(part) => {
            sql.push("(").push(left).push(" is null or ").push(find).push(left).push(", ");
            sql.bind(part.as_str()).push(") = 0)");
        }
        Test::Empty => {
            sql.push(left).push(" is null");
        }
        Test::Filled => {
            sql.push(left).push(" is not null");
        }
    }
}

fn push_operand(sql: &mut Sql, operand: &Operand) {
    match operand {
        Operand::Integer(number) => sql.bind(*number),
        Operand::Text(text) => sql.bind(text.as_str()),
    };
}
