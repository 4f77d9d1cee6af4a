//! Changing what iBiz PLM knows of a customer, with the customer and in the same transaction.

use serde_json::Value;

use crate::domain::catalogue::{Catalogue, login_key};
use crate::domain::change::Line;
use crate::domain::customer::{Label, categories};
use crate::domain::ids;
use crate::domain::masking::{Hidden, Unclear, mask_text, restore_alike};
use crate::domain::pinyin::{sort_key, sort_keys};
use crate::domain::plm::{self, Attention, MEMBERS, NOT_FOLLOWING, Profile};
use crate::error::Error;
use crate::ops::customer::changes::PlmPatch;
use crate::ops::customer::origin::Origin;
use crate::ops::customer::unmask::{refusal, restore_value};
use crate::store::Tx;
use crate::store::rows::{AttentionRow, PlmRow};

/// A profile before and after a change.
pub struct PlmChanged {
    id: Option<String>,
    old: Profile,
    new: Profile,
    attentions: Option<(Vec<Attention>, Vec<Attention>)>,
}

impl PlmChanged {
    /// Returns the users who follow the customer from now on.
    pub fn new_followers(&self) -> impl Iterator<Item = &str> {
        let (old, new) = self.attentions.as_ref().map_or((&[][..], &[][..]), |(old, new)| (&old[..], &new[..]));
        let is_new = |new: &&Attention| old.iter().all(|old| old.user_id != new.user_id);
        new.iter().filter(is_new).map(|attention| attention.user_id.as_str())
    }

    /// Writes the names of categories as the stored labels are written.
    pub fn spell_as(&mut self, labels: &[Label]) {
        let Some(Value::String(names)) = self.new.get_mut("categories_name") else { return };
        let is_label = |part: &str| labels.iter().any(|label| categories(&label.name).any(|known| known == part));
        if !categories(names).all(is_label) {
            *names = labels.iter().map(|label| label.name.as_str()).collect::<Vec<_>>().join(",");
        }
    }

    /// A line for every member in which the two differ.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let changed = MEMBERS.iter().filter(|member| self.old.get(member.name) != self.new.get(member.name));
        let mut lines: Vec<Line> = changed
            .map(|member| Line {
                field: format!("ibizplm.{}", member.name),
                label: member.label.to_owned(),
                old: plm::show(member, self.old.get(member.name)),
                new: plm::show(member, self.new.get(member.name)),
            })
            .collect();
        if let Some((old, new)) = self.attentions.as_ref().filter(|(old, new)| old != new) {
            let (old, new) = (names(old), names(new));
            lines.push(Line { field: "ibizplm.attentions".into(), label: "关注".into(), old, new });
        }
        lines
    }
}

fn names(attentions: &[Attention]) -> Option<String> {
    let name = |attention: &Attention| {
        format!("{}({})", attention.name.as_ref().unwrap_or(&attention.user_id), attention.kind)
    };
    (!attentions.is_empty()).then(|| attentions.iter().map(name).collect::<Vec<_>>().join(","))
}

/// Returns what the profile becomes. Refuses an id that is in use, and a product that there is not.
///
/// With what was `hidden` from the caller, what he was shown masked and sends back stays as it is stored.
pub async fn merge(
    tx: &mut Tx,
    catalogue: &Catalogue,
    customer: Option<i64>,
    patch: Option<PlmPatch>,
    hidden: Option<Hidden>,
) -> Result<Option<PlmChanged>, Error> {
    let Some(PlmPatch { id, mut members, attentions, followers }) = patch else { return Ok(None) };
    if let Some(id) = &id {
        // An id that is worked out would be that of another customer, now or later.
        if ids::from_hex32(tx.company(), id).is_some() || tx.plm_number(id).await?.is_some() {
            return Err(Error::IdTaken { id: id.clone() });
        }
    }
    let stored = match customer {
        Some(customer) => tx.plm_customers(&format!("[{customer}]")).await?.into_iter().next(),
        None => None,
    };
    let old = stored.as_ref().map_or_else(plm::empty, profile);
    let hidden = hidden.map(|mut hidden| {
        for text in old.values().filter_map(Value::as_str) {
            hidden.learn(text);
        }
        hidden
    });
    if let Some(hidden) = &hidden {
        for (name, given) in &mut members {
            restore_value(old.get(name), given, hidden).map_err(|unclear| refusal(name, &unclear))?;
        }
    }
    let mut new = old.clone();
    new.extend(members);
    if let Some(product) = new.get("product_id").and_then(Value::as_str).filter(|id| !id.is_empty())
        && new.get("product_id") != old.get("product_id")
        && tx.plm_products(&Value::from(vec![product]).to_string()).await?.is_empty()
    {
        return Err(Error::Invalid { faults: vec![no_product(product)] });
    }
    let attentions = if attentions.is_some() || followers.is_some() {
        let before = match customer {
            Some(customer) => tx.plm_attentions(customer).await?,
            None => Vec::new(),
        };
        let attention = |row: AttentionRow| Attention { user_id: row.user_id, name: row.name, kind: row.kind };
        let before: Vec<Attention> = before.into_iter().map(attention).collect();
        let mut after = attentions.unwrap_or_else(|| before.clone());
        if let Some(hidden) = &hidden {
            restore_attentions(&mut after, &before, hidden).map_err(|unclear| refusal("attentions", &unclear))?;
        }
        if let Some(followers) = followers {
            after = followed(after, followers, catalogue);
        }
        Some((before, after))
    } else {
        None
    };
    Ok(Some(PlmChanged { id, old, new, attentions }))
}

/// People outside of the staff are told by whatever id they were given, which can read like a telephone number.
fn restore_attentions(given: &mut [Attention], stored: &[Attention], hidden: &Hidden) -> Result<(), Unclear> {
    let shown = |text: &str| mask_text(text).into_owned();
    let people: Vec<(String, &Attention)> = stored.iter().map(|known| (shown(&known.user_id), known)).collect();
    let ids: Vec<Option<String>> = given.iter().map(|one| Some(one.user_id.clone())).collect();
    for (one, known) in given.iter_mut().zip(restore_alike(&people, &ids)?) {
        if let Some(known) = known {
            one.user_id.clone_from(&known.user_id);
        }
        let name = known.and_then(|known| known.name.as_deref());
        if let Some(given) = &one.name
            && let Some(meant) = hidden.restore(name, given)?
        {
            one.name = Some(meant);
        }
    }
    Ok(())
}

/// Returns who follows a customer once `followers` do. An entry that says so already stays as it is, and so does one
/// of somebody who does not follow. Somebody who is not on the staff cannot be named by a number, so leaving him out
/// does not remove him.
fn followed(before: Vec<Attention>, followers: Vec<Attention>, catalogue: &Catalogue) -> Vec<Attention> {
    let is_same = |one: &Attention, other: &Attention| login_key(&one.user_id) == login_key(&other.user_id);
    let mut after = before;
    after.retain(|known| {
        let is_wanted = followers.iter().any(|follower| is_same(follower, known));
        is_wanted != (known.kind == NOT_FOLLOWING) || catalogue.staff(&known.user_id).is_none()
    });
    for follower in followers {
        if !after.iter().any(|known| is_same(known, &follower)) {
            after.push(follower);
        }
    }
    after.sort_by(|one, other| one.user_id.cmp(&other.user_id));
    after
}

fn no_product(id: &str) -> plm::Fault {
    let info = format!("没有产品 {id} / there is no such product");
    plm::Fault { field: "product_id", label: "产品标识", wrong: plm::Wrong::Rule(info) }
}

/// Returns a stored profile by its members' names.
#[must_use]
pub fn profile(row: &PlmRow) -> Profile {
    let text = |text: &Option<String>| Value::from(text.clone());
    let values = [
        Value::from(row.scale),
        text(&row.description),
        text(&row.logo),
        text(&row.grade_id),
        text(&row.industry_id),
        text(&row.categories),
        text(&row.categories_name),
        text(&row.product_id),
        row.is_archived.into(),
        row.is_deleted.into(),
    ];
    MEMBERS.iter().map(|member| member.name.to_owned()).zip(values).collect()
}

/// The texts of a profile, but the names of categories, which come with the labels.
const TEXTS: [&str; 5] = ["description", "logo", "grade_id", "industry_id", "categories"];

/// Returns what the texts of a profile are sorted by where they are not sorted as they are.
fn sorts<'t>(text: impl Fn(&str) -> Option<&'t str>) -> Result<Option<String>, Error> {
    let keys = sort_keys(TEXTS.into_iter().filter_map(|name| Some((name, text(name)?))));
    if keys.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(&keys).map(Some).map_err(|cause| Error::internal(&cause))
}

/// Makes anew what a stored profile is sorted by.
pub async fn sort_again(tx: &mut Tx, row: &PlmRow) -> Result<(), Error> {
    let profile = profile(row);
    let text = |name: &str| profile.get(name).and_then(Value::as_str);
    let categories = text("categories_name").map(sort_key);
    tx.set_plm_sorts(row.customer_id, sorts(text)?.as_deref(), categories.as_deref()).await?;
    Ok(())
}

/// Stores what has changed.
pub async fn store(tx: &mut Tx, customer: i64, changed: Option<&PlmChanged>, origin: &Origin) -> Result<(), Error> {
    let Some(PlmChanged { id, old, new, attentions }) = changed else { return Ok(()) };
    if id.is_some() || old != new {
        let text = |name: &str| new.get(name).and_then(Value::as_str);
        let number = |name: &str| new.get(name).and_then(Value::as_i64);
        // No product has an empty id.
        let product = text("product_id").filter(|id| !id.is_empty());
        tx.put_plm_customer(
            customer,
            id.as_deref(),
            number("scale"),
            text("description"),
            text("logo"),
            text("grade_id"),
            text("industry_id"),
            text("categories"),
            text("categories_name"),
            product,
            number("is_archived").unwrap_or(0),
            number("is_deleted").unwrap_or(0),
            sorts(|name| text(name))?.as_deref(),
            text("categories_name").map(sort_key).as_deref(),
        )
        .await?;
    }
    let Some((old, new)) = attentions else { return Ok(()) };
    for gone in old.iter().filter(|old| new.iter().all(|new| new.user_id != old.user_id)) {
        tx.delete_plm_attention(customer, &gone.user_id).await?;
    }
    for attention in new.iter().filter(|new| !old.contains(new)) {
        let Attention { user_id, name, kind } = attention;
        tx.put_plm_attention(customer, user_id, name.as_deref(), kind, origin.at, &origin.login_no).await?;
    }
    Ok(())
}
