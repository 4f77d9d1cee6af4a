//! What a command wants changed.

use std::collections::BTreeMap;
use std::error::Error;

use super::{DictionaryOf, Of, What, password};
use crate::dialects;
use crate::domain::custom_field::FieldKind;
use crate::domain::rights::RightsPatch;
use crate::domain::role::Role;
use crate::ops::access::credential;
use crate::ops::company::setup::{self, Change, DictionaryKind, LastAdmin};
use crate::store::Store;

/// What a command wants changed, and in which company.
pub async fn of(store: &Store, what: What) -> Result<Option<(i64, Change)>, Box<dyn Error>> {
    Ok(Some(match what {
        What::Company { id, name, time_zone, country, area_code, duplicates } => {
            (id, Change::Company { name, time_zone, country, area_code, duplicates })
        }
        What::Group { of: Of { company }, id, name } => (company, Change::Group { id, name }),
        What::Operator { of: Of { company }, login_no, name, groups, role, mobile, force } => {
            let role = role.and_then(|role| Role::parse(&role));
            let groups = (!groups.is_empty()).then_some(groups);
            (company, Change::Operator { login_no, name: Some(name), role, groups, mobile, last: last(force) })
        }
        What::Password { of: Of { company }, login_no } => {
            // Before somebody types for nothing.
            setup::must_exist(store, company).await?;
            setup::must_be_operator(&store.company(company), &login_no).await?;
            (company, Change::Password { login_no, hash: password::read()? })
        }
        What::Disable { of: Of { company }, login_no, force } => {
            (company, Change::Disabled { login_no, disabled: true, last: last(force) })
        }
        What::Enable { of: Of { company }, login_no } => {
            (company, Change::Disabled { login_no, disabled: false, last: LastAdmin::Stays })
        }
        What::App { of: Of { company }, id, name, dialect, token } => {
            let known = store.company(company).credentials().await?;
            if known.iter().any(|known| known.id == id) {
                (company, Change::Rotate { id, secret: token })
            } else {
                let kind = credential::Kind::App;
                (company, Change::Credential { id, kind, dialect, name, secret: token, acts_as: None, grants: None })
            }
        }
        What::Bearer { of: Of { company }, id, name, dialect, acts_as } => {
            let kind = credential::Kind::Bearer;
            (company, Change::Credential { id, kind, dialect, name, secret: None, acts_as, grants: None })
        }
        What::TokenSecret { of: Of { company } } => (company, Change::TokenSecret),
        What::Rotate { of: Of { company }, id } => (company, Change::Rotate { id, secret: None }),
        What::Rights { of: Of { company }, role, reach, phones, export, delete, give, take, reset } => {
            let role = Role::parse(&role).unwrap_or(Role::Agent);
            let patch = RightsPatch { reset, ..rights_patch(reach, phones, export, delete, &give, &take)? };
            (company, Change::Rights { role, patch })
        }
        What::Dictionary { of: Of { company }, kind, value, name, position } => {
            let kind = match kind {
                DictionaryOf::Type => DictionaryKind::Type,
                DictionaryOf::Flag => DictionaryKind::Flag,
                DictionaryOf::Source => DictionaryKind::Source,
            };
            (company, Change::DictionaryItem { kind, value, name: Some(name), position })
        }
        What::Task { of: Of { company }, id, name } => (company, Change::Task { id, name }),
        What::Field { of: Of { company }, id, name, kind, options, required } => {
            let kind = kind.as_deref().and_then(FieldKind::parse);
            let options = (!options.is_empty()).then_some(options);
            (company, Change::Field { id, name: Some(name), kind, options, required })
        }
        What::Show | What::Audit { .. } | What::Conflicts => return Ok(None),
    }))
}

fn last(force: bool) -> LastAdmin {
    if force { LastAdmin::MayGo } else { LastAdmin::Stays }
}

fn rights_patch(
    reach: Option<String>,
    phones: Option<String>,
    export: Option<bool>,
    delete: Option<String>,
    give: &[String],
    take: &[String],
) -> Result<RightsPatch, Box<dyn Error>> {
    let named = give.iter().map(|name| (name, true)).chain(take.iter().map(|name| (name, false)));
    let mut actions = BTreeMap::new();
    for (name, given) in named {
        dialects::adjustable(name)?;
        actions.insert(name.clone(), Some(given));
    }
    // Words that the command line has checked already.
    let word = |word: Option<String>| word.map(serde_json::Value::String);
    Ok(RightsPatch {
        reset: false,
        reach: word(reach).map(serde_json::from_value).transpose()?,
        phones: word(phones).map(serde_json::from_value).transpose()?,
        export: export.map(Some),
        delete: word(delete).map(serde_json::from_value).transpose()?,
        actions: (!actions.is_empty()).then_some(Some(actions)),
    })
}
