//! laidian (来电): the customer server behind a call centre.
//!
//! The map: a frame comes in at [`server`], is read by [`protocol`], becomes an operation of one of the
//! [`dialects`], is carried out in [`ops`] by the rules of [`domain`], and is kept in the [`store`].
//! What was written is told by [`live`] to those who follow it. Lists and searches are answered from the [`index`] in memory.
//! Dependencies point that way only: server → dialects → live → ops → store → index, domain. [`documents`] writes down what
//! the tables declare.

pub mod cli;
pub mod config;
pub mod demo;
pub mod dialects;
pub mod documents;
pub mod domain;
pub mod error;
pub mod index;
pub mod live;
pub mod ops;
pub mod print;
pub mod protocol;
pub mod server;
pub mod sheets;
pub mod store;
