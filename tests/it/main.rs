//! The tests that use laidian as its clients and callers do. One binary: it links once.
//!
//! A test of the store runs on both engines: list it in `both_engines!`. PostgreSQL is where
//! `TEST_POSTGRES_URL` says; `tests/run.sh` starts one.

#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and reads as it is told"
)]

#[macro_use]
mod support;

mod abuse;
mod audit;
mod browser;
mod calls;
mod checkpoints;
mod client;
mod closing;
mod commands;
mod concepts;
mod conditions;
mod crowd;
mod customers;
mod documents;
mod door;
mod erratic;
mod errors;
mod flood;
mod foreign;
mod golden;
mod group_commit;
mod house;
mod identity;
mod idp;
mod imports;
mod indexed;
mod interrupted;
mod invariants;
mod jwt;
mod key_file;
mod limits;
mod listing;
mod live;
mod masking;
mod matrix;
mod migrations;
mod model;
mod names;
mod nul;
mod numbers;
mod pbx;
mod plans;
mod plm_report;
mod pool;
mod print;
mod process;
mod provider;
mod readme;
mod records;
mod recycle;
mod rederiving;
mod refusals;
mod reports;
mod rights;
mod safe_writes;
mod search;
mod seeds;
mod signed;
mod socket;
mod spellings;
mod starting;
mod statements;
mod steady;
mod storage;
mod systems;
mod tables;
mod tasks;
mod tokens;
mod webhooks;
