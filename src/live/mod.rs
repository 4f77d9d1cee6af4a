//! What happens, told as it happens.
//!
//! A socket subscribes to [topics](Topic) and is pushed every event among them that its caller may see, in order and each
//! once. A [`Follower`] holds nothing but the number of the event that is next: who reads slowly costs no memory, and who
//! comes back goes on where he was. What is sent of an event is written once for all who see it alike ([`push`]). Other
//! systems are told of it by [webhooks].

mod follower;
mod pops;
mod push;
mod subscription;
mod topic;
mod viewer;
pub mod webhooks;

pub use follower::{Follower, Pushed, TooMany};
pub use pops::OpenPops;
pub use subscription::{Change, Since, Started, subscribe};
pub use topic::{MOST, NAMES, Topic};
