//! The company: what is set up in it.

pub mod catalogue;
pub mod setup;
