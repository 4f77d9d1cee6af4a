//! One customer in the terms of five systems: what they share, what each has words of its own for, and what only one of
//! them knows.

pub mod common;
pub mod plm;
pub mod profile;
pub mod round_trip;
pub mod terms;
