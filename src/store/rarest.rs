//! The terms by which a search finds candidates.
//!
//! A word has as many terms as it has pairs of characters. All of them would make a statement that takes longer to plan
//! than to carry out; as a candidate is confirmed in its haystack anyway, the rarest do.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use super::rows::TermRow;
use super::{Engine, Scope};
use crate::domain::search_terms::{Lookup, Word};

/// Terms by which a word is looked up.
const ENOUGH: usize = 2;
/// Terms of a word that are counted: one in a long text is rare, wherever it stands.
const COUNTED: usize = 16;
/// How far customers with a term are counted.
const FAR: i64 = 1000;

queries! {
    /// How many customers, up to `most`, have each of these terms (a JSON array).
    read fn term_counts(terms: &str, most: i64) -> Vec<TermRow> {
        "select k.value as term, (select count(*) from (select 1 from customer_term t where t.company_id = $1 and t.term = k.value limit $3 + 0) few) as customers
         from json_each($2) k",
        postgres: "select k.value as term, (select count(*) from (select 1 from customer_term t where t.company_id = $1 and t.term = k.value limit $3 + 0) few) as customers
         from jsonb_array_elements_text($2::jsonb) k"
    }
}

impl Scope {
    /// Returns once the terms of all customers are in their place: nobody is missing who could be found by them.
    pub async fn settle_terms(&self) -> sqlx::Result<()> {
        match &self.store.open.engine {
            Engine::Sqlite(engine) => engine.settle_terms().await,
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// Returns the words with no more terms than are needed, the rarest first. All terms are in their place then.
    pub(super) async fn by_rarest<'w>(&self, words: &'w [Word]) -> sqlx::Result<Cow<'w, [Word]>> {
        if words.iter().any(|word| !word.forms.is_empty()) {
            self.settle_terms().await?;
        }
        let several = |lookup: &&Lookup| matches!(lookup, Lookup::All(terms) if terms.len() > 1);
        let lookups = words.iter().flat_map(|word| &word.forms).map(|form| &form.lookup).filter(several);
        let terms: BTreeSet<&str> = lookups.flat_map(counted).collect();
        if terms.is_empty() {
            return Ok(Cow::Borrowed(words));
        }
        let terms = terms.iter().copied().collect::<serde_json::Value>().to_string();
        let numbers: HashMap<String, i64> =
            self.term_counts(&terms, FAR).await?.into_iter().map(|row| (row.term, row.customers)).collect();
        let mut words = words.to_vec();
        for lookup in words.iter_mut().flat_map(|word| &mut word.forms).map(|form| &mut form.lookup) {
            let mut chosen: Vec<String> = counted(lookup).map(str::to_owned).collect();
            if let Lookup::All(terms) = lookup
                && terms.len() > 1
            {
                chosen.sort_by_key(|term| numbers.get(term).copied().unwrap_or_default());
                chosen.truncate(ENOUGH);
                *terms = chosen;
            }
        }
        Ok(Cow::Owned(words))
    }
}

/// The terms that are counted: all, or some from everywhere in the text.
fn counted(lookup: &Lookup) -> impl Iterator<Item = &str> {
    let terms: &[String] = match lookup {
        Lookup::All(terms) => terms,
        Lookup::Prefix { .. } => &[],
    };
    terms.iter().step_by(terms.len().div_ceil(COUNTED).max(1)).map(String::as_str)
}
