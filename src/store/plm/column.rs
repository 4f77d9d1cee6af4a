//! The columns of iBiz PLM's customers.

use crate::store::dynamic::Sql;

/// What can be compared and sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlmColumn {
    Id,
    Name,
    Scale,
    Description,
    Logo,
    Grade,
    Industry,
    Categories,
    CategoriesName,
    Product,
    ProductName,
    Assignee,
    AssigneeName,
    AssigneeKey,
    Archived,
    Deleted,
    CreatedAt,
    CreatedBy,
    UpdatedAt,
    UpdatedBy,
    Tickets,
    TicketsFinished,
}

impl PlmColumn {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Id => "p.plm_id",
            // As names are compared.
            Self::Name => "c.name_key",
            Self::Scale => "p.scale",
            Self::Description => "p.description",
            Self::Logo => "p.logo",
            // Stars are a grade, where there is no other.
            Self::Grade => {
                "case when p.grade_id is null and c.star > 0 then cast(c.star as text) || '星' else p.grade_id end"
            }
            Self::Industry => "p.industry_id",
            Self::Categories => "p.categories",
            Self::CategoriesName => "p.categories_name",
            Self::Product => "p.product_id",
            Self::ProductName => "d.name",
            Self::Assignee => "c.owner_no",
            Self::AssigneeName => {
                "(select s.name from staff s where s.company_id = c.company_id and s.login_key = c.owner_key)"
            }
            Self::AssigneeKey => "c.owner_key",
            Self::Archived => "coalesce(p.is_archived, 0)",
            Self::Deleted => "coalesce(p.is_deleted, 0)",
            Self::CreatedAt => "c.created_at",
            Self::CreatedBy => "c.created_by",
            Self::UpdatedAt => "c.updated_at",
            Self::UpdatedBy => "c.updated_by",
            Self::Tickets => "(select count(*) from ticket t where t.company_id = $1 and t.customer_id = c.id)",
            Self::TicketsFinished => {
                "(select count(*) from ticket t where t.company_id = $1 and t.customer_id = c.id and t.status in ('已完成', '已关闭'))"
            }
        }
    }

    /// What conditions compare: times in seconds, as they are shown.
    pub(super) fn compared(self) -> &'static str {
        match self {
            Self::Name => "c.name",
            Self::CreatedAt => "(c.created_at / 1000000)",
            Self::UpdatedAt => "(c.updated_at / 1000000)",
            other => other.text(),
        }
    }

    /// What names are sorted by.
    fn sorted(self) -> Option<&'static str> {
        match self {
            Self::Name => Some("c.name_sort"),
            Self::ProductName => Some("d.name_sort"),
            Self::AssigneeName => {
                Some("(select s.name_sort from staff s where s.company_id = $1 and s.login_key = c.owner_key)")
            }
            Self::CategoriesName => Some("p.categories_name_sort"),
            _ => None,
        }
    }

    /// By what name the texts that are no names have their places in `sorts`.
    fn sorts(self) -> Option<&'static str> {
        match self {
            Self::Description => Some("description"),
            Self::Logo => Some("logo"),
            Self::Grade => Some("grade_id"),
            Self::Industry => Some("industry_id"),
            Self::Categories => Some("categories"),
            _ => None,
        }
    }

    /// Appends what it is sorted by, in the same order on both engines.
    pub(super) fn push_sorted(self, sql: &mut Sql, is_postgres: bool) {
        if let Some(sorted) = self.sorted() {
            sql.push(sorted);
            return;
        }
        if let Some(field) = self.sorts() {
            sql.push(if is_postgres { "coalesce(p.sorts::json ->> " } else { "coalesce(p.sorts ->> " });
            let text = match self {
                // As the key of such a text is.
                Self::Grade => {
                    "case when p.grade_id is null and c.star > 0 then cast(c.star as text) || '~xing1星' else p.grade_id end"
                }
                other => other.text(),
            };
            sql.bind(field).push(", ").push(text).push(")");
        } else {
            sql.push(self.text());
        }
        if is_postgres && !self.is_number() {
            sql.push(" collate \"C\"");
        }
    }

    /// Whether a number can stand in it that is somebody's: what is no key and no number itself.
    #[must_use]
    pub fn is_text(self) -> bool {
        !self.is_number() && !matches!(self, Self::Id | Self::Product | Self::AssigneeKey)
    }

    /// Whether people write into it what they like.
    #[must_use]
    pub fn is_free_text(self) -> bool {
        matches!(
            self,
            Self::Name
                | Self::Description
                | Self::Logo
                | Self::Grade
                | Self::Industry
                | Self::Categories
                | Self::CategoriesName
        )
    }

    pub(super) fn may_be_null(self) -> bool {
        !self.is_number() && !matches!(self, Self::Name | Self::CreatedBy | Self::UpdatedBy) || self == Self::Scale
    }

    /// Whether it is a number, or a time.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(
            self,
            Self::Scale
                | Self::Archived
                | Self::Deleted
                | Self::CreatedAt
                | Self::UpdatedAt
                | Self::Tickets
                | Self::TicketsFinished
        )
    }
}
