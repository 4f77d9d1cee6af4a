//! The rows that queries answer with. A field is read from the column of its name, on both engines.

use super::row::{Columns, FromRow, Row};

/// Declares row structs whose fields are read from the columns of the same names.
macro_rules! rows {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type),* }

        impl FromRow for $name {
            fn from_row(row: &Row<'_>) -> sqlx::Result<Self> {
                let mut columns = Columns::of(row);
                Ok(Self { $($field: columns.get(stringify!($field))?),* })
            }
        }
    )* };
}

rows! {
    /// A company and its settings.
    CompanyRow {
        id: i64, name: String, time_zone: String, country: String, area_code: Option<String>, token_secret: String, duplicates: String,
        rules: String,
    }

    /// The numbers given out so far, after a [`Tx::count`](super::Tx::count): the last of each kind.
    CounterRow {
        last_customer: i64, last_phone: i64, last_label: i64, last_change: i64,
        last_feed: i64, last_event: i64, customers: i64,
    }

    /// A system's document of a customer, or some members of it.
    DocumentRow { customer_id: i64, dialect: String, document: String }

    /// What an index knows of a customer.
    EntryRow {
        id: i64, task_id: Option<i64>, owner_key: Option<String>, group_id: Option<i64>, type_value: Option<String>,
        flag_value: Option<String>, source_value: Option<String>, star: i64, created_at: i64, updated_at: i64,
        assigned_at: Option<i64>, last_follow_at: Option<i64>, follow_count: i64, name_sort: String, haystack: String,
    }

    /// What a customer's name is sorted by.
    SortRow { id: i64, name_sort: String }

    /// A number with a name: a group, a task, a label.
    NamedRow { id: i64, name: String }

    /// A member of a company's staff.
    StaffRow { login_key: String, login_no: String, name: String, role: String, disabled: i64, signed_out_at: i64, number: i64, mobile: Option<String> }

    /// That the sign-ins of an operator or of a credential before this time have ended.
    WithdrawalRow { company_id: i64, login_key: Option<String>, credential: Option<String>, at: i64 }

    /// The hash of an operator's password, if there is one.
    PasswordRow { password: Option<String> }

    /// How a company's rights of a role differ from the usual ones: a JSON object.
    RightsRow { role: String, rights: String }

    /// That somebody belongs to a group.
    MembershipRow { login_key: String, group_id: i64 }

    /// An entry of one of a company's dictionaries.
    DictionaryRow { kind: String, value: String, name: String }

    /// A custom field; `options` is a JSON array of texts.
    FieldRow { id: i64, name: String, kind: String, options: String, required: i64 }

    /// How a program proves for whom it acts.
    CredentialRow { id: String, company_id: i64, kind: String, dialect: String, name: String, secret: String, acts_as: Option<String>, unlimited: i64, grants: Option<String> }

    /// A line of the audit; `what` holds JSON.
    AuditRow { id: String, at: i64, kind: String, login_no: String, address: String, what: String }

    /// A customer as stored; `phones`, `labels` and `custom` hold JSON (see the migration).
    #[derive(PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    CustomerRow {
        id: i64, version: i64,
        name: Option<String>, company_name: Option<String>, address: Option<String>,
        type_value: Option<String>, flag_value: Option<String>, source_value: Option<String>,
        task_id: Option<i64>, owner_no: Option<String>, group_id: Option<i64>,
        star: i64, follow_count: i64, last_accept: Option<String>,
        assigned_at: Option<i64>, last_follow_at: Option<i64>,
        created_at: i64, created_by: String, updated_at: i64, updated_by: String,
        custom: Option<String>, phones: String, labels: String,
    }

    /// A customer as a JSON array of its columns, and the place of what found it in the list of look-ups.
    PlacedRow { place: i64, contact: Option<String>, customer: String }

    /// A phone that a look-up found: whose it is and how it was typed.
    PhoneRow { contact: Option<String>, customer_id: i64, typed: String, key: String, tail: String }

    /// A phone of a customer by which another one is found.
    SharedPhoneRow { id: i64, customer_id: i64, typed: String, found_with: i64 }

    /// Who has a number.
    HolderRow { key: String, customer_id: i64 }

    /// A deleted customer: who deleted it and when, whom it shared phones with, and its row as a JSON object.
    DeletedRow { id: i64, deleted_at: i64, deleted_by: String, shared: String, customer: String }

    /// One item of a feed; what the texts mean depends on the kind (see `feeds.rs`).
    #[derive(PartialEq, Eq)]
    FeedRow {
        kind: String, id: i64, at: i64,
        t1: Option<String>, t2: Option<String>, t3: Option<String>, t4: Option<String>, t5: Option<String>,
    }

    /// A ticket, with the name and the phones (JSON) of its customer.
    TicketRow {
        id: i64, customer_id: i64, at: i64, title: String, content: String, handler_no: String, status: String, urgency: String,
        due_at: Option<i64>, opened_by: Option<String>, updated_at: Option<i64>, customer_name: Option<String>, phones: String,
    }

    /// What became of a ticket; `lines` holds JSON.
    TicketChangeRow { id: i64, at: i64, author_no: String, author_name: String, lines: String, comment: Option<String> }

    /// What an agent is to be reminded of, with the name and the phones (JSON) of its customer.
    ReminderRow {
        id: i64, customer_id: Option<i64>, login_key: String, due_at: i64, content: String, state: String, done_at: Option<i64>,
        customer_name: Option<String>, phones: Option<String>,
    }

    /// A customer somebody follows, and since when.
    WatchedRow { customer_id: i64, at: i64 }

    /// Who has a customer open.
    #[derive(PartialEq, Eq)]
    ViewerRow { customer_id: i64, login_key: String }

    /// Where another system is told of events; `kinds` is a JSON array.
    #[derive(PartialEq, Eq)]
    WebhookRow {
        id: String, url: String, kinds: String, secret: String, is_masked: i64, is_active: i64, position: i64, created_at: i64,
    }

    /// An event that was put on its way to a webhook.
    DeliveryRow {
        seq: i64, kind: String, state: String, at: i64, attempts: i64, next_at: i64, status: Option<i64>, cause: Option<String>,
        done_at: Option<i64>,
    }

    /// A delivery that is to be tried now.
    ClaimedRow { webhook_id: String, seq: i64, subject: String, body: String, attempts: i64, give_up_at: i64 }

    /// What a write with a requestId came to.
    RequestRow { fingerprint: String, outcome: String }

    /// A customer who was merged into another: what that one had before and after (JSON), with whom it shared phones, and its
    /// row as a JSON object.
    MergedRow { id: i64, merged_into: i64, given: String, shared: String, customer: String }

    /// A relation of iBiz PLM.
    RelationRow {
        principal_id: String, principal_type: String, target_id: String, target_type: String, created_at: i64, created_by: String,
    }

    /// A list that somebody has named; `condition` is a JSON object.
    #[derive(serde::Serialize, serde::Deserialize)]
    ViewRow { id: i64, login_key: String, is_shared: i64, name: String, condition: String, sort: String }

    /// A number on its own.
    NumberRow { value: i64 }

    /// How many customers have a term, as far as they were counted.
    TermRow { term: String, customers: i64 }

    /// A text on its own.
    TextRow { value: String }

    /// An event that was written with a change.
    EventRow { id: i64, at: i64, kind: String, customer_id: i64, author_no: String, body: String }

    /// The last event of a company and the oldest that is kept; one more than the last where none is.
    SpanRow { last: i64, oldest: i64 }

    /// What iBiz PLM knows of a customer beside the shared fields.
    #[derive(Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    PlmRow {
        customer_id: i64, plm_id: Option<String>, scale: Option<i64>,
        description: Option<String>, logo: Option<String>, grade_id: Option<String>, industry_id: Option<String>,
        categories: Option<String>, categories_name: Option<String>, product_id: Option<String>,
        is_archived: i64, is_deleted: i64,
    }

    /// That somebody follows a customer in iBiz PLM.
    AttentionRow {
        user_id: String, name: Option<String>, kind: String,
        created_at: i64, created_by: String, updated_at: i64, updated_by: String,
    }

    /// A product of iBiz PLM.
    ProductRow { id: String, name: String }

    /// A file that was uploaded or made.
    FileRow { id: String, name: String, bytes: i64, created_at: i64 }

    /// A call; `body` is a JSON object. Whose it is may have changed since that was written.
    CallRow {
        call_id: String, started_at: i64, customer_id: Option<i64>, missed: i64, handler_key: Option<String>, body: String,
    }

    /// What an agent does.
    AgentStateRow {
        login_key: String, state: String, reason: Option<String>, since: i64, call_id: Option<String>, previous: String,
        ends_at: Option<i64>, lost_at: Option<i64>,
    }

    /// Since when an agent did something.
    StateSpanRow { at: i64, state: String, reason: Option<String> }

    /// What an agent's calls of a quarter of an hour came to.
    CallCountRow {
        quarter: i64, login_key: String, offered: i64, answered: i64, missed: i64, outgoing: i64, connected: i64,
        talk_seconds: i64, wrap_ups: i64, wrap_seconds: i64,
    }

    /// What was written down about customers in a quarter of an hour, by one, with which they got one deal flag, or none.
    WorkCountRow {
        quarter: i64, login_key: String, flag_value: String, follow_ups: i64, customers: i64, own_customers: i64,
        first_contacts: i64, gained: i64,
    }

    /// When a follow-up was, and who wrote it.
    FollowedRow { at: i64, author_no: String }

    /// A number that is not to be called.
    BlockedRow { key: String, typed: String, reason: Option<String>, at: i64, author_no: String }

    /// A call that an agent wants.
    DialRow { expires_at: i64, login_no: String, customer_id: Option<i64>, number: String, used_at: Option<i64> }

    /// Bytes on their own.
    BytesRow { value: Vec<u8> }

    /// Work that goes on after its answer; how far it is.
    ActionRow {
        id: String, name: String, kind: String, subject: String, tag: String,
        state: i64, done: i64, succeeded: i64, total: i64, result: Option<String>,
        created_at: i64, created_by: String, updated_at: i64,
    }

    /// How many tickets a customer has, and how many of them are done.
    TicketsRow { customer_id: i64, total: i64, finished: i64 }

    /// How many customers have a value, and how many tickets they have; without a value those who have none,
    /// and with an empty one those who have another than was asked for.
    PlmGroupRow { value: Option<String>, customers: i64, tickets: i64, finished: i64 }
}

/// The same as [`CustomerRow`], borrowed: from one, or from one that is packed, whose fields come in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub struct CustomerView<'r> {
    pub id: i64,
    pub version: i64,
    pub name: Option<&'r str>,
    pub company_name: Option<&'r str>,
    pub address: Option<&'r str>,
    pub type_value: Option<&'r str>,
    pub flag_value: Option<&'r str>,
    pub source_value: Option<&'r str>,
    pub task_id: Option<i64>,
    pub owner_no: Option<&'r str>,
    pub group_id: Option<i64>,
    pub star: i64,
    pub follow_count: i64,
    pub last_accept: Option<&'r str>,
    pub assigned_at: Option<i64>,
    pub last_follow_at: Option<i64>,
    pub created_at: i64,
    pub created_by: &'r str,
    pub updated_at: i64,
    pub updated_by: &'r str,
    pub custom: Option<&'r str>,
    pub phones: &'r str,
    pub labels: &'r str,
}

impl CustomerRow {
    /// Returns the same, borrowed.
    #[must_use]
    pub fn view(&self) -> CustomerView<'_> {
        CustomerView {
            id: self.id,
            version: self.version,
            name: self.name.as_deref(),
            company_name: self.company_name.as_deref(),
            address: self.address.as_deref(),
            type_value: self.type_value.as_deref(),
            flag_value: self.flag_value.as_deref(),
            source_value: self.source_value.as_deref(),
            task_id: self.task_id,
            owner_no: self.owner_no.as_deref(),
            group_id: self.group_id,
            star: self.star,
            follow_count: self.follow_count,
            last_accept: self.last_accept.as_deref(),
            assigned_at: self.assigned_at,
            last_follow_at: self.last_follow_at,
            created_at: self.created_at,
            created_by: &self.created_by,
            updated_at: self.updated_at,
            updated_by: &self.updated_by,
            custom: self.custom.as_deref(),
            phones: &self.phones,
            labels: &self.labels,
        }
    }
}
