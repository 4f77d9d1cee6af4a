//! Random operations on two companies, compared with a model in memory: what each answers, and then
//! everything that can be asked.

use std::collections::BTreeMap;

use laidian::domain::identifier::Identifier;
use laidian::domain::search_terms::{haystack, query};
use laidian::error::Error;
use laidian::ops::access::rights::Shown;
use laidian::ops::customer::find::{self, PhoneMatch};
use laidian::ops::customer::{Changes, Patch, PhoneChange, create};
use laidian::ops::{Caller, Cx};
use laidian::store::search::Search;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::invariants::check_invariants;
use crate::support::{DESK, Engine, SHOP, backend, destroy, update};

both_engines! { operations_do_what_the_model_does }

/// Names that are parts of each other, or have the same pairs of characters in another order.
const NAMES: [&str; 7] = ["王芳", "王芳芳", "芳芳 王芳", "李王", "wf", "WF 01", "单雄"];
const COMPANIES: [&str; 3] = ["岚舟科技", "科技岚舟", "王芳科技有限公司"];
const LABELS: [&str; 3] = ["标签1", "标签2", "标签3"];
const WORDS: [&str; 12] =
    ["王", "王芳", "王芳芳", "芳王", "科技", "岚舟科技", "w", "wf", "wff", "sx", "芳 科技", "wf 01"];

/// Numbers, each in three spellings.
const NUMBERS: [[&str; 3]; 5] = [
    ["13900000001", "+86 139 0000 0001", "139-0000-0001"],
    ["13900000002", "8613900000002", "０１３９０００００００２"],
    ["13800000001", "138 0000 0001", "013800000001"],
    ["010-55500001", "(010) 5550 0001", "+861055500001"],
    ["010-55500001转801", "010-55500001-801", "01055500001#801"],
];
/// The line of each: those of one line differ in the extension.
const LINES: [usize; 5] = [0, 1, 2, 3, 3];
const LAST_DIGITS: [&str; 4] = ["0001", "0002", "00000001", "8899"];

#[derive(Debug, Clone)]
enum Operation {
    Create(Draft),
    /// Of the customer at this place among the living, if there is one.
    Update(usize, Draft),
    Destroy(usize),
}

/// What a request names.
#[derive(Debug, Clone, Default)]
struct Draft {
    name: Patch<usize>,
    company: Patch<usize>,
    /// Numbers and spellings.
    phones: Option<Vec<(usize, usize)>>,
    labels: Option<Vec<usize>>,
    kind: Option<usize>,
    owned: Option<bool>,
    flaw: Option<Flaw>,
}

#[derive(Debug, Clone, Copy)]
enum Flaw {
    Kind,
    Owner,
    Stars,
}

fn patch(texts: usize) -> impl Strategy<Value = Patch<usize>> {
    prop_oneof![4 => Just(Patch::Keep), 1 => Just(Patch::Clear), 5 => (0..texts).prop_map(Patch::Set)]
}

fn draft() -> impl Strategy<Value = Draft> {
    let flaw = prop_oneof![9 => Just(None), 1 => prop_oneof![Just(Flaw::Kind), Just(Flaw::Owner), Just(Flaw::Stars)].prop_map(Some)];
    (
        patch(NAMES.len()),
        patch(COMPANIES.len()),
        option::of(vec((0..NUMBERS.len(), 0..3_usize), 0..3)),
        option::of(vec(0..LABELS.len(), 0..4)),
        option::of(0..2_usize),
        option::of(any::<bool>()),
        flaw,
    )
        .prop_map(|(name, company, phones, labels, kind, owned, flaw)| Draft {
            name,
            company,
            phones,
            labels,
            kind,
            owned,
            flaw,
        })
}

fn operations() -> impl Strategy<Value = Vec<(usize, Operation)>> {
    let operation = prop_oneof![
        5 => draft().prop_map(Operation::Create),
        5 => (any::<usize>(), draft()).prop_map(|(place, draft)| Operation::Update(place, draft)),
        2 => any::<usize>().prop_map(Operation::Destroy),
    ];
    vec((0..2_usize, operation), 30..60)
}

/// A customer as the model knows it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Known {
    name: Option<usize>,
    company: Option<usize>,
    phones: Vec<(usize, usize)>,
    labels: Vec<usize>,
    kind: Option<usize>,
    owned: bool,
}

impl Known {
    fn changed(&self, draft: &Draft) -> Self {
        let mut new = self.clone();
        new.name = draft.name.clone().apply(new.name);
        new.company = draft.company.clone().apply(new.company);
        if let Some(phones) = &draft.phones {
            new.phones.clear();
            for (number, spelling) in phones {
                if !new.phones.iter().any(|(known, _)| known == number) {
                    new.phones.push((*number, *spelling));
                }
            }
        }
        if let Some(labels) = &draft.labels {
            new.labels.clear();
            for label in labels {
                if !new.labels.contains(label) {
                    new.labels.push(*label);
                }
            }
        }
        new.kind = draft.kind.or(new.kind);
        new.owned = draft.owned.unwrap_or(new.owned);
        new
    }

    fn texts(&self) -> (&'static str, &'static str) {
        (self.name.map_or("", |name| NAMES[name]), self.company.map_or("", |company| COMPANIES[company]))
    }

    fn is_found_by(&self, words: &str) -> bool {
        let (name, company) = self.texts();
        query(words).words.iter().all(|word| {
            let ends = |(number, _): &(usize, usize)| {
                let digits: String = NUMBERS[*number][0].split('转').next().unwrap().replace('-', "");
                word.tails.iter().any(|tail| digits.ends_with(&tail.chars().rev().collect::<String>()))
            };
            word.forms.iter().any(|form| haystack(name, company).contains(&form.text)) || self.phones.iter().any(ends)
        })
    }
}

/// A company as the model knows it: the living, with their versions, and the last number given.
struct Company {
    id: i64,
    owner: (&'static str, i64),
    living: BTreeMap<i64, (Known, i64)>,
    last: i64,
}

impl Company {
    fn new(id: i64, owner: &'static str, group: i64) -> Self {
        Self { id, owner: (owner, group), living: BTreeMap::new(), last: 0 }
    }

    fn at(&self, place: usize) -> i64 {
        self.living.keys().nth(place.checked_rem(self.living.len()).unwrap_or(0)).copied().unwrap_or(404)
    }

    fn having(&self, wanted: impl Fn(&Known) -> bool) -> Vec<i64> {
        let found = self.living.iter().rev().filter(|(_, (known, _))| wanted(known));
        found.map(|(id, _)| *id).collect()
    }

    /// The first rule that these changes of a customer break.
    fn fault(&self, id: i64, draft: &Draft, new: &Known) -> Option<Error> {
        match draft.flaw {
            Some(Flaw::Kind) => {
                return Some(Error::NotInDictionary { given: "贵宾".into(), field: "custtype", names: Vec::new() });
            }
            Some(Flaw::Owner) => return Some(Error::OwnerUnknown),
            Some(Flaw::Stars) => return Some(Error::parameter("customerLabel: 应为 0 到 5 / expected 0 to 5")),
            None => {}
        }
        let taken = |number: usize| {
            self.living
                .iter()
                .any(|(other, (known, _))| *other != id && known.phones.iter().any(|(its, _)| *its == number))
        };
        let (number, spelling) = new.phones.iter().find(|(number, _)| taken(*number))?;
        Some(Error::PhoneTaken { typed: NUMBERS[*number][*spelling].into() })
    }

    /// What the operation answers: id and version of the customer, or the refusal.
    fn perform(&mut self, operation: &Operation) -> Result<(i64, i64), Error> {
        match operation {
            Operation::Create(draft) => {
                let new = Known::default().changed(draft);
                if let Some(fault) = self.fault(0, draft, &new) {
                    return Err(fault);
                }
                if new == Known::default() {
                    return Err(Error::CustomerEmpty);
                }
                self.last += 1;
                self.living.insert(self.last, (new, 1));
                Ok((self.last, 1))
            }
            Operation::Update(place, draft) => {
                let id = self.at(*place);
                let (old, version) = self.living.get(&id).cloned().ok_or(Error::NotFound)?;
                let new = old.changed(draft);
                if let Some(fault) = self.fault(id, draft, &new) {
                    return Err(fault);
                }
                let version = if new == old { version } else { version + 1 };
                self.living.insert(id, (new, version));
                Ok((id, version))
            }
            Operation::Destroy(place) => {
                let id = self.at(*place);
                let (_, version) = self.living.remove(&id).ok_or(Error::NotFound)?;
                Ok((id, version))
            }
        }
    }
}

fn changes(draft: &Draft, owner: (&'static str, i64)) -> Changes<'static> {
    let text = |patch: &Patch<usize>, texts: &[&'static str]| match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(index) => Patch::Set(texts[*index].into()),
    };
    let spelt =
        |(number, spelling): &(usize, usize)| PhoneChange { id: None, typed: NUMBERS[*number][*spelling].into() };
    let (group, mut login) = match draft.owned {
        None => (Patch::Keep, Patch::Keep),
        Some(true) => (Patch::Set(owner.1), Patch::Set(owner.0.into())),
        Some(false) => (Patch::Clear, Patch::Clear),
    };
    let mut kind = draft.kind.map_or(Patch::Keep, |kind| Patch::Set(["0", "1"][kind].into()));
    match draft.flaw {
        Some(Flaw::Kind) => kind = Patch::Set("贵宾".into()),
        Some(Flaw::Owner) => login = Patch::Set("nobody".into()),
        _ => {}
    }
    Changes {
        name: text(&draft.name, &NAMES),
        company_name: text(&draft.company, &COMPANIES),
        phones: draft.phones.as_ref().map(|phones| phones.iter().map(spelt).collect()),
        labels: draft.labels.as_ref().map(|labels| labels.iter().map(|label| LABELS[*label].into()).collect()),
        kind,
        owner: login,
        group,
        star: matches!(draft.flaw, Some(Flaw::Stars)).then_some(6),
        ..Changes::default()
    }
}

async fn perform(cx: &Cx<'_>, company: &Company, operation: &Operation) -> Result<(i64, i64), Error> {
    match operation {
        Operation::Create(draft) => create(cx, changes(draft, company.owner)).await.map(|row| (row.id, row.version)),
        Operation::Update(place, draft) => {
            let row = update(cx, company.at(*place), changes(draft, company.owner)).await?;
            Ok((row.id, row.version))
        }
        Operation::Destroy(place) => {
            let id = company.at(*place);
            let version = cx.scope.customer(id).await?.map_or(0, |row| row.version);
            destroy(cx, id).await.map(|()| (id, version))
        }
    }
}

async fn check_phones(cx: &Cx<'_>, company: &Company) {
    for (number, spellings) in NUMBERS.iter().enumerate() {
        let having = |is: &dyn Fn(usize) -> bool| company.having(|known| known.phones.iter().any(|(its, _)| is(*its)));
        let mut owner = having(&|its| its == number);
        if owner.is_empty() {
            owner = having(&|its| LINES[its] == LINES[number]);
        }
        for typed in spellings {
            let whole = |found: &find::Found| !matches!(found.matched, Some(PhoneMatch::Tail(_)));
            let outcome = find::find(cx, &Identifier::Phone((*typed).into())).await;
            let outcome = outcome.and_then(|found| {
                if whole(&found) { find::only(found.customers.iter().map(|row| row.id)) } else { Err(Error::NotFound) }
            });
            assert_eq!(outcome, owner.first().copied().ok_or(Error::NotFound), "{typed}");
            let Some(id) = owner.first() else { continue };
            let found = find::find(cx, &Identifier::Phone((*typed).into())).await.unwrap();
            let as_typed = company.living[id].0.phones.iter().any(|(its, spelling)| NUMBERS[*its][*spelling] == *typed);
            assert_eq!(found.matched, Some(if as_typed { PhoneMatch::Text } else { PhoneMatch::Number }), "{typed}");
            assert_eq!(ids(&found.customers), [*id]);
        }
    }
}

fn ids(rows: &[Shown]) -> Vec<i64> {
    rows.iter().map(|row| row.id).collect()
}

async fn check_names(cx: &Cx<'_>, company: &Company) {
    for (index, name) in NAMES.iter().enumerate() {
        let found = find::find(cx, &Identifier::Name((*name).into())).await;
        let found = found.map_or_else(
            |error| {
                assert_eq!(error, Error::NotFound);
                vec![]
            },
            |found| ids(&found.customers),
        );
        assert_eq!(found, company.having(|known| known.name == Some(index)), "{name}");
    }
    for (index, name) in COMPANIES.iter().enumerate() {
        let found = find::find(cx, &Identifier::Company((*name).into())).await;
        let found = found.map_or_else(|_| vec![], |found| ids(&found.customers));
        assert_eq!(found, company.having(|known| known.company == Some(index)), "{name}");
    }
}

/// Whether a filter is to let a customer pass.
type Rule = fn(&Known) -> bool;

async fn check_lists(cx: &Cx<'_>, company: &Company) {
    let owner = Search { owner_key: Some(company.owner.0.to_lowercase()), ..Search::default() };
    let group = Search { group_ids: Some(vec![company.owner.1]), ..Search::default() };
    let kind = Search { type_value: Some("1".into()), ..Search::default() };
    let both = Search { type_value: Some("1".into()), ..owner.clone() };
    let filters: [(Search, Rule); 5] = [
        (Search::default(), |_| true),
        (owner, |known| known.owned),
        (group, |known| known.owned),
        (kind, |known| known.kind == Some(1)),
        (both, |known| known.owned && known.kind == Some(1)),
    ];
    for (search, rule) in &filters {
        for words in WORDS.iter().chain(&LAST_DIGITS).chain(&[""]) {
            let search = Search { words: query(words).words, ..search.clone() };
            let expected = company.having(|known| rule(known) && known.is_found_by(words));
            let page = find::list(cx, &search, 1).await.unwrap();
            assert_eq!(usize::try_from(page.total), Ok(expected.len()), "{words:?} {search:?}");
            assert_eq!(ids(&page.customers), expected[..expected.len().min(20)], "{words:?} {search:?}");
        }
    }
}

async fn play(engine: Engine, operations: Vec<(usize, Operation)>) {
    let demo = backend(engine, 0).await;
    let mut companies = [Company::new(DESK, "008", 1_001_002), Company::new(SHOP, "TRCS004", 1001)];
    let callers = companies.each_ref().map(|company| Caller::system(company.id));
    for (which, operation) in &operations {
        let company = &mut companies[*which];
        let cx = demo.context(&callers[*which]).await.unwrap();
        let outcome = perform(&cx, company, operation).await.map_err(|error| match error {
            // Which names there are is not the model's business.
            Error::NotInDictionary { given, field, .. } => Error::NotInDictionary { given, field, names: Vec::new() },
            other => other,
        });
        assert_eq!(outcome, company.perform(operation), "{operation:?}");
    }
    for (company, caller) in companies.iter().zip(&callers) {
        let cx = demo.context(caller).await.unwrap();
        check_phones(&cx, company).await;
        check_names(&cx, company).await;
        check_lists(&cx, company).await;
        check_invariants(&demo.place, &cx.scope).await;
    }
}

async fn operations_do_what_the_model_does(engine: Engine) {
    let config = Config { cases: 12, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let played = block_in_place(|| {
        TestRunner::new(config).run(&operations(), |operations| {
            Handle::current().block_on(play(engine, operations));
            Ok(())
        })
    });
    match played {
        Ok(()) => {}
        Err(TestError::Fail(reason, operations)) => panic!("{reason}\n{operations:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}
