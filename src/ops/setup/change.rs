//! One change of what a company has set up, whoever makes it: an admin on a socket or the command line. Each is
//! written into the audit with the change itself.

use serde_json::{Value, json};

use super::{DictionaryKind, NewCredential};
use crate::domain::catalogue::{Role, login_key};
use crate::domain::custom_field::FieldKind;
use crate::domain::rights::Adjustment;
use crate::error::Error;
use crate::ops::audit::{self, Actor};
use crate::ops::credential::Kind;
use crate::ops::plm::{self, ProductRole};
use crate::ops::{Cx, idempotency, rederive};
use crate::store::Tx;

/// What is to be created or changed. What is `None` stays as it is, or as a new one usually is.
#[derive(Debug, Clone)]
pub enum Change {
    Company {
        name: String,
        time_zone: Option<String>,
        country: Option<String>,
        /// The empty text is none.
        area_code: Option<String>,
        /// Fields parted by commas; the empty text is no rule.
        duplicates: Option<String>,
    },
    Group {
        id: i64,
        name: String,
    },
    Operator {
        login_no: String,
        name: Option<String>,
        role: Option<Role>,
        groups: Option<Vec<i64>>,
        /// The empty text is none.
        mobile: Option<String>,
    },
    /// The password's hash: making one takes too long to be done while others wait for the transaction.
    Password {
        login_no: String,
        hash: String,
    },
    Disabled {
        login_no: String,
        disabled: bool,
    },
    /// Without a secret, one is made.
    Credential {
        id: String,
        kind: Kind,
        dialect: String,
        name: String,
        secret: Option<String>,
        acts_as: Option<String>,
        grants: Option<String>,
    },
    /// A product of iBiz PLM.
    Product {
        id: String,
        name: String,
    },
    /// What somebody is in a product; nothing any more without a role.
    ProductMember {
        product: String,
        login_no: String,
        role: Option<ProductRole>,
    },
    /// Another secret for the tokens of the company's operators: none issued before is good.
    TokenSecret,
    Rotate {
        id: String,
        secret: Option<String>,
    },
    DictionaryItem {
        kind: DictionaryKind,
        value: String,
        name: String,
        position: i64,
    },
    Task {
        id: i64,
        name: String,
    },
    Field {
        id: i64,
        name: String,
        kind: FieldKind,
        options: Vec<String>,
        required: bool,
    },
    Rights {
        role: Role,
        adjustment: Adjustment,
    },
}

impl Change {
    /// Refuses a change by which an admin would shut himself out.
    fn must_not_lock_out(&self, cx: &Cx<'_>) -> Result<(), Error> {
        let is_self = |login_no: &str| login_key(login_no) == login_key(cx.caller.login_no());
        let locks_out = match self {
            Self::Disabled { login_no, disabled: true } => is_self(login_no),
            Self::Operator { login_no, role: Some(role), .. } => is_self(login_no) && *role < Role::Admin,
            _ => false,
        };
        if locks_out {
            return Err(Error::parameter(
                "staffNo: 不能停用自己或降低自己的角色 / you can neither disable yourself nor lower your own role",
            ));
        }
        Ok(())
    }

    /// What the audit says of it: which thing, by its id.
    fn what(&self) -> Value {
        match self {
            Self::Company { area_code, duplicates, .. } => {
                json!({ "set": "company", "areaCode": area_code, "duplicates": duplicates })
            }
            Self::Group { id, .. } => json!({ "set": "group", "id": id }),
            Self::Operator { login_no, role, groups, .. } => {
                json!({ "set": "operator", "id": login_no, "role": role.map(Role::name), "groups": groups })
            }
            Self::Password { login_no, .. } => json!({ "set": "password", "id": login_no }),
            Self::Disabled { login_no, disabled } => json!({ "set": "disabled", "id": login_no, "to": disabled }),
            Self::Product { id, .. } => json!({ "set": "product", "id": id }),
            Self::ProductMember { product, login_no, role } => {
                json!({ "set": "product_member", "id": product, "of": login_no, "to": role.map(ProductRole::name) })
            }
            Self::Credential { id, kind, dialect, acts_as, .. } => {
                json!({ "set": "credential", "id": id, "kind": kind.name(), "dialect": dialect, "actsAs": acts_as })
            }
            Self::TokenSecret => json!({ "set": "token_secret" }),
            Self::Rotate { id, .. } => json!({ "set": "secret", "id": id }),
            Self::DictionaryItem { kind, value, .. } => {
                json!({ "set": "dictionary", "kind": kind.name(), "id": value })
            }
            Self::Task { id, .. } => json!({ "set": "task", "id": id }),
            Self::Field { id, .. } => json!({ "set": "field", "id": id }),
            Self::Rights { role, adjustment } => json!({ "set": "rights", "role": role.name(), "to": adjustment }),
        }
    }

    /// Makes the change and writes it into the audit. Returns the secret of a credential, which is told once.
    pub async fn apply(self, tx: &mut Tx, actor: &Actor, now: i64) -> Result<Option<String>, Error> {
        let what = self.what();
        let secret = self.make(tx, now).await?;
        audit::write(tx, actor, now, audit::Kind::Settings, &what).await?;
        Ok(secret)
    }

    async fn make(self, tx: &mut Tx, now: i64) -> Result<Option<String>, Error> {
        match self {
            Self::Company { name, time_zone, country, area_code, duplicates } => {
                put_company(tx, &name, time_zone, country).await?;
                if let Some(area_code) = area_code {
                    super::area_code(tx, &area_code).await?;
                }
                if let Some(duplicates) = duplicates {
                    super::duplicates(tx, &duplicates).await?;
                }
            }
            Self::Group { id, name } => super::group(tx, id, &name).await?,
            Self::Operator { login_no, name, role, groups, mobile } => {
                put_operator(tx, &login_no, name, role, groups, now).await?;
                if let Some(mobile) = mobile {
                    super::mobile(tx, &login_no, &mobile).await?;
                }
            }
            Self::Password { login_no, hash } => super::store_password(tx, &login_no, &hash, now).await?,
            Self::Disabled { login_no, disabled } => super::disabled(tx, &login_no, disabled, now).await?,
            Self::Credential { id, kind, dialect, name, secret, acts_as, grants } => {
                let secret = secret.unwrap_or_else(super::secret);
                let acts_as = acts_as.as_deref();
                let new = NewCredential {
                    id: &id,
                    kind,
                    dialect: &dialect,
                    name: &name,
                    secret: &secret,
                    acts_as,
                    unlimited: false,
                    grants: grants.as_deref(),
                };
                super::credential(tx, &new).await?;
                return Ok(Some(secret));
            }
            Self::TokenSecret => {
                tx.set_token_secret(&super::secret()).await?;
            }
            Self::Rotate { id, secret } => {
                let secret = secret.unwrap_or_else(super::secret);
                super::rotate(tx, &id, &secret, now).await?;
                return Ok(Some(secret));
            }
            Self::DictionaryItem { kind, value, name, position } => {
                super::dictionary_item(tx, kind, &value, &name, position).await?;
            }
            Self::Task { id, name } => super::task(tx, id, &name).await?,
            Self::Field { id, name, kind, options, required } => {
                super::custom_field(tx, id, &name, kind, &options, required).await?;
            }
            Self::Product { id, name } => plm::put_product(tx, &id, &name).await?,
            Self::ProductMember { product, login_no, role } => plm::put_member(tx, &product, &login_no, role).await?,
            Self::Rights { role, adjustment } => super::role_rights(tx, role, &adjustment).await?,
        }
        Ok(None)
    }
}

async fn put_company(tx: &mut Tx, name: &str, time_zone: Option<String>, country: Option<String>) -> Result<(), Error> {
    let (zone, home) = tx.company_row().await?.map(|row| (row.time_zone, row.country)).unzip();
    let time_zone = time_zone.or(zone).unwrap_or_else(|| "Asia/Shanghai".into());
    let country = country.or(home).unwrap_or_else(|| "CN".into());
    super::company(tx, name, &time_zone, &country, &super::secret()).await
}

async fn put_operator(
    tx: &mut Tx,
    login_no: &str,
    name: Option<String>,
    role: Option<Role>,
    groups: Option<Vec<i64>>,
    now: i64,
) -> Result<(), Error> {
    let key = login_key(login_no);
    let before = tx.staff().await?.into_iter().find(|staff| staff.login_key == key);
    let old_role = before.as_ref().and_then(|staff| Role::parse(&staff.role));
    let groups = if let Some(groups) = groups {
        groups
    } else {
        let known = tx.memberships().await?.into_iter();
        known.filter(|membership| membership.login_key == key).map(|membership| membership.group_id).collect()
    };
    let name = name.or(before.map(|staff| staff.name)).ok_or_else(|| Error::parameter("name: 缺少 / is missing"))?;
    let new_role = role.or(old_role).unwrap_or(Role::Agent);
    super::operator(tx, login_no, &name, new_role, &groups).await?;
    // What was signed in with more rights than are left is to sign in again.
    if old_role.is_some_and(|old| old > new_role) {
        tx.sign_out(&key, now).await?;
    }
    Ok(())
}

/// Makes an admin's changes, all or none. Returns the secret of a credential, which is told once.
pub async fn make(cx: &Cx<'_>, changes: Vec<Change>) -> Result<Option<String>, Error> {
    let actor = Actor::of(cx.caller, cx.address);
    let mut tx = cx.scope.write().await?;
    if idempotency::recall::<()>(cx, &mut tx).await?.is_some() {
        return Ok(None);
    }
    let mut secret = None;
    let moves = changes.iter().any(|change| matches!(change, Change::Company { area_code: Some(_), .. }));
    for change in changes {
        change.must_not_lock_out(cx)?;
        secret = change.apply(&mut tx, &actor, cx.now).await?;
    }
    idempotency::remember(cx, &mut tx, &()).await?;
    tx.commit().await?;
    cx.backend.catalogues.forget(cx.caller.company).await;
    if moves {
        rederive_behind(cx)?;
    }
    Ok(secret)
}

/// Begins to make the keys of numbers anew that are local ones of another area now.
fn rederive_behind(cx: &Cx<'_>) -> Result<(), Error> {
    let backend = cx.backend.shared()?;
    tokio::spawn(async move {
        if let Err(error) = rederive::all(&backend.store, &backend.rederived).await {
            tracing::error!(%error, "keys and terms could not be made anew; the next start goes on");
        }
    });
    Ok(())
}
