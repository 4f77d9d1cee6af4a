//! Customers who were looked up by a telephone number lately, packed, in a bounded part of the memory.
//!
//! The one writer says which customers and numbers a commit has touched, before anybody is told that it is done. Each of
//! them has a mark, which it shares with others that are touched as seldom; a record is good as long as the marks are as
//! they were before it was read. So a record is never older than what somebody has been told.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::rows::{CustomerRow, CustomerView};

/// The longest key of a number that is kept; nearly all are shorter.
const LONGEST: usize = 23;
/// What a record takes beside what is in it, bytes.
const BESIDE: u64 = 120;
const MARKS: usize = 1 << 16;

/// What a commit touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject<'s> {
    Customer(i64),
    Number(&'s str),
}

/// The place of a subject's mark.
pub type Place = usize;

/// How often what stands behind each mark was touched.
pub struct Marks {
    marks: Box<[AtomicU32]>,
    hasher: RandomState,
    /// Counts the commits, each before its marks are changed.
    commits: AtomicU64,
}

impl Default for Marks {
    fn default() -> Self {
        let marks = std::iter::repeat_with(AtomicU32::default).take(MARKS).collect();
        Self { marks, hasher: RandomState::new(), commits: AtomicU64::new(0) }
    }
}

impl Marks {
    #[must_use]
    pub fn place(&self, company: i64, subject: Subject<'_>) -> Place {
        usize::try_from(self.hasher.hash_one((company, subject)) % MARKS as u64).unwrap_or_default()
    }

    /// Says that what is at these places was touched, and can be read.
    pub fn touch(&self, places: impl IntoIterator<Item = Place>) {
        self.commits.fetch_add(1, Ordering::AcqRel);
        for mark in places.into_iter().filter_map(|place| self.marks.get(place)) {
            mark.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Says that anything may have been touched.
    pub fn touch_all(&self) {
        self.touch(0..MARKS);
    }

    fn at(&self, place: Place) -> u32 {
        self.marks.get(place).map_or(0, |mark| mark.load(Ordering::Acquire))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    company: i64,
    length: u8,
    number: [u8; LONGEST],
}

impl Key {
    fn new(company: i64, number: &str) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..number.len())?.copy_from_slice(number.as_bytes());
        Some(Self { company, length: u8::try_from(number.len()).ok()?, number: bytes })
    }
}

/// A customer who alone has a number, and no contact has it.
pub struct Record {
    customer: Box<[u8]>,
    /// Of the customer and of the number.
    marks: [(u32, u32); 2],
}

impl Record {
    /// Returns the customer.
    pub fn customer(&self) -> sqlx::Result<CustomerRow> {
        postcard::from_bytes(&self.customer).map_err(|cause| sqlx::Error::Decode(cause.into()))
    }

    /// Returns the same, borrowed.
    pub fn view(&self) -> sqlx::Result<CustomerView<'_>> {
        postcard::from_bytes(&self.customer).map_err(|cause| sqlx::Error::Decode(cause.into()))
    }
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Arc<Record>> for Weight {
    fn weight(&self, _: &Key, record: &Arc<Record>) -> u64 {
        record.customer.len() as u64 + BESIDE
    }
}

/// The records. Cheap to clone.
#[derive(Clone)]
pub struct Records {
    cache: Arc<Cache<Key, Arc<Record>, Weight>>,
    marks: Arc<Marks>,
}

/// How far the commits were when a look-up began.
pub struct Began(u64);

impl Records {
    /// Records that take at most so many bytes.
    #[must_use]
    pub fn new(bytes: u64, marks: Arc<Marks>) -> Self {
        Self { cache: Arc::new(Cache::with_weighter(1024, bytes, Weight)), marks }
    }

    /// Returns the record of a number, if there is one that is good.
    #[must_use]
    pub fn get(&self, company: i64, number: &str) -> Option<Arc<Record>> {
        let key = Key::new(company, number)?;
        let record = self.cache.get(&key)?;
        let is_good = |(place, mark): &(u32, u32)| self.marks.at(*place as usize) == *mark;
        record.marks.iter().all(is_good).then_some(record)
    }

    /// Says that a number is about to be looked up.
    #[must_use]
    pub fn begin(&self) -> Began {
        Began(self.marks.commits.load(Ordering::Acquire))
    }

    /// Keeps what was found, unless something was written meanwhile.
    pub fn keep(&self, began: &Began, company: i64, number: &str, customer: &CustomerRow) {
        let Some(key) = Key::new(company, number) else { return };
        let Ok(packed) = postcard::to_allocvec(customer) else { return };
        let subjects = [Subject::Customer(customer.id), Subject::Number(number)];
        let marks = subjects.map(|subject| {
            let place = self.marks.place(company, subject);
            (u32::try_from(place).unwrap_or_default(), self.marks.at(place))
        });
        if self.marks.commits.load(Ordering::Acquire) == began.0 {
            self.cache.insert(key, Arc::new(Record { customer: packed.into(), marks }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer() -> CustomerRow {
        CustomerRow {
            id: 7,
            version: 3,
            name: Some("王小明".into()),
            company_name: None,
            address: Some(String::new()),
            type_value: Some("1".into()),
            flag_value: None,
            source_value: Some("网络".into()),
            task_id: Some(-1),
            owner_no: Some("trcs001".into()),
            group_id: None,
            star: 5,
            follow_count: i64::MAX,
            last_accept: Some("没人接".into()),
            assigned_at: None,
            last_follow_at: Some(i64::MIN),
            created_at: 1,
            created_by: "trcs002".into(),
            updated_at: 2,
            updated_by: String::new(),
            custom: Some("{\"1\":\"甲\"}".into()),
            phones: "[{\"id\":1,\"content\":\"13900112233\"}]".into(),
            labels: "[]".into(),
        }
    }

    fn kept(records: &Records) -> Option<Arc<Record>> {
        records.keep(&records.begin(), 1, "+8613900112233", &customer());
        records.get(1, "+8613900112233")
    }

    #[test]
    fn what_is_kept_comes_back() {
        let records = Records::new(1 << 20, Arc::default());
        let record = kept(&records).unwrap();
        assert_eq!(record.customer().unwrap(), customer());
        assert_eq!(record.view().unwrap(), customer().view());
        assert!(records.get(2, "+8613900112233").is_none(), "of another company");
        assert!(records.get(1, "+861390011223").is_none());
        let long = "1".repeat(LONGEST + 1);
        records.keep(&records.begin(), 1, &long, &customer());
        assert!(records.get(1, &long).is_none());
    }

    #[test]
    fn what_was_touched_is_read_again() {
        for subject in [Subject::Customer(7), Subject::Number("+8613900112233")] {
            let marks = Arc::new(Marks::default());
            let records = Records::new(1 << 20, marks.clone());
            assert!(kept(&records).is_some());
            marks.touch([marks.place(1, Subject::Customer(8))]);
            assert!(records.get(1, "+8613900112233").is_some(), "another customer was touched");
            marks.touch([marks.place(1, subject)]);
            assert!(records.get(1, "+8613900112233").is_none(), "{subject:?}");
            assert!(kept(&records).is_some());
        }
    }

    #[test]
    fn what_was_read_before_a_commit_is_not_kept_after_it() {
        let marks = Arc::new(Marks::default());
        let records = Records::new(1 << 20, marks.clone());
        let began = records.begin();
        marks.touch([marks.place(1, Subject::Customer(7))]);
        records.keep(&began, 1, "+8613900112233", &customer());
        assert!(records.get(1, "+8613900112233").is_none());
    }

    #[test]
    fn no_memory_keeps_nothing() {
        assert!(kept(&Records::new(0, Arc::default())).is_none());
    }
}
