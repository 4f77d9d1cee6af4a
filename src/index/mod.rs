//! The customers of a company as a list or a search asks for them, in memory.
//!
//! A list by five filters with an exact count, and a search for two characters that half of all names hold, would read a
//! row or an entry of an index for each customer who may be meant: a million of them take seconds. Here each value of a
//! filter and each search term is a compressed bitmap of the customers who have it, so that a list is an intersection and
//! its count a cardinality; and the texts in which a candidate is confirmed lie side by side.
//!
//! This room knows nothing of the database. Who keeps it true is `store::indexed`.

mod company;
mod keys;
mod terms;
mod texts;

pub use company::{Company, Entry, Field, Values};
pub use keys::{Number, Numbers, Prefix, Stretch, prefix, stretch};
pub use roaring::RoaringBitmap as Ids;
pub use terms::Term;
pub use texts::{FIELDS, Reading as Texts};
