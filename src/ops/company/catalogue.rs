//! Reading a company's catalogue, at most once a second.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use quick_cache::sync::{self, EntryAction, EntryResult};
use tokio::time::Instant;

use crate::domain::catalogue::{Catalogue, Company, Dictionary, DuplicateRule, Entry, Staff};
use crate::domain::custom_field::{CustomField, FieldKind};
use crate::domain::phone::{CHINA, Home};
use crate::domain::rights::Rights;
use crate::domain::role::Role;
use crate::error::Error;
use crate::store::Scope;
use crate::store::rows::{CompanyRow, DictionaryRow, FieldRow, RightsRow};

/// How old a catalogue may be: what another process sets up is seen this much later.
const FRESH: Duration = Duration::from_secs(1);
const COMPANIES: usize = 10_000;

/// The catalogues of the companies that are at work.
pub struct Cache(sync::Cache<i64, Known>);

/// A catalogue as it was read; none when there is no such company.
#[derive(Clone)]
struct Known {
    catalogue: Option<Arc<Catalogue>>,
    at: Instant,
}

impl Known {
    fn is_fresh(&self) -> bool {
        self.at.elapsed() < FRESH
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self(sync::Cache::new(COMPANIES))
    }
}

impl Cache {
    /// The catalogue of a company, if it is in memory and fresh.
    #[must_use]
    pub fn fresh(&self, company: i64) -> Option<Arc<Catalogue>> {
        self.0.get(&company).filter(Known::is_fresh)?.catalogue
    }

    /// The catalogue of the scope's company; `None` when there is no such company.
    pub async fn get(&self, scope: &Scope) -> Result<Option<Arc<Catalogue>>, Error> {
        match self.0.get(&scope.company()).filter(Known::is_fresh) {
            Some(known) => Ok(known.catalogue),
            // In a box: every request would carry the room that reading it takes.
            None => Box::pin(self.read(scope, Known::is_fresh)).await,
        }
    }

    /// The same as it is after this moment, however fresh the one before was.
    pub async fn get_after(&self, scope: &Scope, moment: Instant) -> Result<Option<Arc<Catalogue>>, Error> {
        self.read(scope, |known| known.is_fresh() && known.at >= moment).await
    }

    /// Reads it, once for all who ask meanwhile, unless there is one that is good.
    async fn read(&self, scope: &Scope, is_good: impl Fn(&Known) -> bool) -> Result<Option<Arc<Catalogue>>, Error> {
        let known = |_: &i64, known: &mut Known| {
            if is_good(known) { EntryAction::Retain(known.catalogue.clone()) } else { EntryAction::ReplaceWithGuard }
        };
        let place = match self.0.entry_async(&scope.company(), known).await {
            EntryResult::Retained(catalogue) => return Ok(catalogue),
            EntryResult::Vacant(place) | EntryResult::Replaced(place, _) => Some(place),
            EntryResult::Removed(..) | EntryResult::Timeout => None,
        };
        let at = Instant::now();
        let catalogue = load(scope).await?.map(Arc::new);
        if let Some(place) = place {
            // It has no place any more when it was forgotten meanwhile.
            let _ = place.insert(Known { catalogue: catalogue.clone(), at });
        }
        Ok(catalogue)
    }

    /// Makes the next request read what was just set up.
    pub fn forget(&self, company: i64) {
        self.0.remove(&company);
    }
}

/// Reads the catalogue of the scope's company.
pub async fn load(scope: &Scope) -> Result<Option<Catalogue>, Error> {
    let Some(company) = scope.company_row().await? else { return Ok(None) };
    let mut staff: std::collections::BTreeMap<String, Staff> = scope
        .staff()
        .await?
        .into_iter()
        .map(|row| {
            let role = Role::parse(&row.role).unwrap_or(Role::Agent);
            (
                row.login_key,
                Staff {
                    login_no: row.login_no,
                    name: row.name,
                    role,
                    groups: Vec::new(),
                    disabled: row.disabled != 0,
                    signed_out_at: row.signed_out_at,
                    number: row.number,
                    mobile: row.mobile,
                },
            )
        })
        .collect();
    for membership in scope.memberships().await? {
        if let Some(staff) = staff.get_mut(&membership.login_key) {
            staff.groups.push(membership.group_id);
        }
    }
    let items = scope.dictionary_items().await?;
    Ok(Some(Catalogue {
        company: company_of(company),
        groups: scope.groups().await?.into_iter().map(|row| (row.id, row.name)).collect(),
        staff,
        types: dictionary(&items, "type"),
        flags: dictionary(&items, "flag"),
        sources: dictionary(&items, "source"),
        tasks: scope.tasks().await?.into_iter().map(|row| (row.id, row.name)).collect(),
        fields: scope.custom_fields().await?.into_iter().map(field_of).collect(),
        rights: rights(&scope.role_rights().await?),
    }))
}

/// The rights of each role. An admin's are not adjusted: an admin could undo it.
fn rights(rows: &[RightsRow]) -> [Rights; 3] {
    Role::ALL.map(|role| {
        let row = rows.iter().find(|row| row.role == role.name());
        let adjustment = row.and_then(|row| serde_json::from_str(&row.rights).ok()).unwrap_or_default();
        if role == Role::Admin { Rights::usual(role) } else { Rights::adjusted(role, adjustment) }
    })
}

fn company_of(row: CompanyRow) -> Company {
    Company {
        id: row.id,
        name: row.name,
        // Both are checked when a company is set up.
        time_zone: TimeZone::get(&row.time_zone).unwrap_or(TimeZone::UTC),
        home: Home::new(&row.country, row.area_code.as_deref()).unwrap_or_else(|| CHINA.clone()),
        token_secret: row.token_secret,
        duplicates: DuplicateRule::parse_list(&row.duplicates).unwrap_or_default(),
    }
}

fn dictionary(items: &[DictionaryRow], kind: &str) -> Dictionary {
    let entries = items.iter().filter(|item| item.kind == kind);
    Dictionary { entries: entries.map(|item| Entry { value: item.value.clone(), name: item.name.clone() }).collect() }
}

/// A custom field as it is stored.
pub(super) fn field_of(row: FieldRow) -> CustomField {
    CustomField {
        id: row.id,
        name: row.name,
        kind: FieldKind::parse(&row.kind).unwrap_or(FieldKind::Text),
        options: serde_json::from_str(&row.options).unwrap_or_default(),
        required: row.required != 0,
    }
}
