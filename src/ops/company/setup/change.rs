//! One change of what a company has set up, whoever makes it: an admin on a socket or the command line. Each is
//! written into the audit with the change itself.

use serde_json::{Value, json};

use super::{DictionaryKind, NewCredential};
use crate::domain::catalogue::login_key;
use crate::domain::custom_field::FieldKind;
use crate::domain::event::{self, Body};
use crate::domain::rights::{Adjustment, RightsPatch};
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::access::audit::{self, Actor};
use crate::ops::access::credential::Kind;
use crate::ops::company::catalogue;
use crate::ops::customer::rederive;
use crate::ops::systems::plm::{self, ProductRole};
use crate::ops::{Cx, idempotency, webhooks};
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
        last: LastAdmin,
    },
    /// The password's hash: making one takes too long to be done while others wait for the transaction.
    Password {
        login_no: String,
        hash: String,
    },
    Disabled {
        login_no: String,
        disabled: bool,
        last: LastAdmin,
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
        name: Option<String>,
        position: Option<i64>,
    },
    Task {
        id: i64,
        name: String,
    },
    Field {
        id: i64,
        name: Option<String>,
        kind: Option<FieldKind>,
        options: Option<Vec<String>>,
        required: Option<bool>,
    },
    Rights {
        role: Role,
        patch: RightsPatch,
    },
    Webhook(webhooks::Given),
    RotateWebhook {
        id: String,
    },
    DeleteWebhook {
        id: String,
    },
}

/// What becomes of the last admin of a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastAdmin {
    /// He stays one: without him nobody could undo it on a socket.
    Stays,
    MayGo,
}

/// The shortest token that somebody may choose, characters.
const SHORTEST_TOKEN: usize = 16;

impl Change {
    /// Refuses a change by which an admin would shut himself out.
    fn must_not_lock_out(&self, cx: &Cx<'_>) -> Result<(), Error> {
        let is_self = |login_no: &str| login_key(login_no) == login_key(cx.caller.login_no());
        let locks_out = match self {
            Self::Disabled { login_no, disabled: true, .. } => is_self(login_no),
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
            Self::Disabled { login_no, disabled, .. } => json!({ "set": "disabled", "id": login_no, "to": disabled }),
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
            Self::Rights { role, patch } => json!({ "set": "rights", "role": role.name(), "to": patch }),
            Self::Webhook(given) => json!({ "set": "webhook", "id": given.id, "events": given.kinds }),
            Self::RotateWebhook { id } => json!({ "set": "webhook_secret", "id": id }),
            Self::DeleteWebhook { id } => json!({ "set": "webhook", "id": id, "deleted": true }),
        }
    }

    fn last_admin(&self) -> LastAdmin {
        match self {
            Self::Operator { last, .. } | Self::Disabled { last, .. } => *last,
            _ => LastAdmin::MayGo,
        }
    }

    /// Makes the change and writes it into the audit. Returns the secret of a credential, which is told once.
    pub async fn apply(self, tx: &mut Tx, actor: &Actor, now: i64) -> Result<Option<String>, Error> {
        let what = self.what();
        // One after another: what holds for a whole list holds only so.
        let counter = tx.count(0, 0, 0, 0, 0, 0, 1).await?;
        let admins = if self.last_admin() == LastAdmin::Stays { admins(tx).await? } else { 0 };
        let secret = self.make(tx, now).await?;
        if admins > 0 && self::admins(tx).await? == 0 {
            return Err(Error::parameter(
                "这是公司最后一个管理员，请先设置另一个；命令行可以加 --force / this is the company's last admin: make another one first, \
                 or use --force on the command line",
            ));
        }
        audit::write(tx, actor, now, audit::Kind::Settings, &what).await?;
        if let Some(counter) = counter {
            tell(tx, counter.last_event, now, actor, &what).await?;
        }
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
            Self::Operator { login_no, name, role, groups, mobile, .. } => {
                put_operator(tx, &login_no, name, role, groups, now).await?;
                if let Some(mobile) = mobile {
                    super::mobile(tx, &login_no, &mobile).await?;
                }
            }
            Self::Password { login_no, hash } => {
                super::store_password(tx, &login_no, &hash, now).await?;
            }
            Self::Disabled { login_no, disabled, .. } => {
                super::disabled(tx, &login_no, disabled, now).await?;
            }
            Self::Credential { id, kind, dialect, name, secret, acts_as, grants } => {
                let secret = given_or_new(secret)?;
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
                let secret = given_or_new(secret)?;
                super::rotate(tx, &id, &secret, now).await?;
                return Ok(Some(secret));
            }
            Self::DictionaryItem { kind, value, name, position } => {
                super::dictionary_item(tx, kind, &value, name.as_deref(), position).await?;
            }
            Self::Task { id, name } => super::task(tx, id, &name).await?,
            Self::Field { id, name, kind, options, required } => {
                put_custom_field(tx, id, name, kind, options, required).await?;
            }
            Self::Product { id, name } => plm::put_product(tx, &id, &name).await?,
            Self::ProductMember { product, login_no, role } => plm::put_member(tx, &product, &login_no, role).await?,
            Self::Rights { role, patch } => put_rights(tx, role, patch).await?,
            Self::Webhook(given) => return webhooks::put(tx, given, now).await,
            Self::RotateWebhook { id } => return webhooks::rotate(tx, &id).await.map(Some),
            Self::DeleteWebhook { id } => webhooks::remove(tx, &id).await?,
        }
        Ok(None)
    }
}

/// The token that somebody has chosen, unless it is too easily guessed; or a new one.
fn given_or_new(secret: Option<String>) -> Result<String, Error> {
    match secret {
        Some(secret) if secret.trim().chars().count() < SHORTEST_TOKEN => Err(Error::parameter(format!(
            "token: 至少 {SHORTEST_TOKEN} 个字符，不给则自动生成 / expected {SHORTEST_TOKEN} characters at least; without one it is made"
        ))),
        Some(secret) => Ok(secret),
        None => Ok(super::secret()),
    }
}

/// How many admins the company has who may sign in.
async fn admins(tx: &mut Tx) -> Result<usize, Error> {
    let staff = tx.staff().await?;
    Ok(staff.iter().filter(|staff| staff.role == Role::Admin.name() && staff.disabled == 0).count())
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
    let name = name.or(before.map(|staff| staff.name)).ok_or_else(missing_name)?;
    let new_role = role.or(old_role).unwrap_or(Role::Agent);
    super::operator(tx, login_no, &name, new_role, &groups).await?;
    // What was signed in with more rights than are left is to sign in again.
    if old_role.is_some_and(|old| old > new_role) {
        tx.sign_out(&key, now).await?;
    }
    Ok(())
}

async fn put_custom_field(
    tx: &mut Tx,
    id: i64,
    name: Option<String>,
    kind: Option<FieldKind>,
    options: Option<Vec<String>>,
    required: Option<bool>,
) -> Result<(), Error> {
    let before = tx.custom_fields().await?.into_iter().find(|field| field.id == id).map(catalogue::field_of);
    let name = name.or(before.as_ref().map(|field| field.name.clone())).ok_or_else(missing_name)?;
    let kind = kind.or(before.as_ref().map(|field| field.kind)).unwrap_or(FieldKind::Text);
    let required = required.or(before.as_ref().map(|field| field.required)).unwrap_or_default();
    // The options of a field that has none any more go with its kind.
    let kept = before.filter(|_| kind == FieldKind::Option).map(|field| field.options);
    super::custom_field(tx, id, &name, kind, &options.or(kept).unwrap_or_default(), required).await
}

async fn put_rights(tx: &mut Tx, role: Role, patch: RightsPatch) -> Result<(), Error> {
    // Two admins change different rights of a role one after the other.
    tx.count(0, 0, 0, 0, 0, 0, 0).await?;
    let row = tx.role_rights().await?.into_iter().find(|row| row.role == role.name());
    let before: Adjustment = match row {
        Some(row) => serde_json::from_str(&row.rights).map_err(|cause| Error::internal(&cause))?,
        None => Adjustment::default(),
    };
    super::role_rights(tx, role, &patch.apply(before)).await
}

/// Tells everybody that lists, people or rights have changed; which of them, and no more.
async fn tell(tx: &mut Tx, id: i64, at: i64, actor: &Actor, what: &Value) -> Result<(), Error> {
    let set = what.get("set").cloned().unwrap_or_default();
    let body = Body { more: [("set".to_owned(), set)].into_iter().collect(), ..Body::default() };
    let body = serde_json::to_string(&body).map_err(|cause| Error::internal(&cause))?;
    tx.insert_event(id, at, event::COMPANY_CHANGED, 0, &actor.login_no, &body).await?;
    Ok(())
}

pub(super) fn missing_name() -> Error {
    Error::parameter("name: 缺少 / is missing")
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
    cx.backend.catalogues.forget(cx.caller.company);
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
