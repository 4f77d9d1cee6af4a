//! What the product is about: customers, phones, labels, changes. Types and rules without I/O; knows nobody.

pub mod catalogue;
pub mod change;
pub mod custom_field;
pub mod customer;
pub mod document;
pub mod event;
pub mod feed;
pub mod filter;
pub mod folding;
pub mod identifier;
pub mod ids;
pub mod json;
pub mod masking;
pub mod name_pattern;
pub mod network;
pub mod number_origin;
pub mod phone;
pub mod pinyin;
pub mod plm;
pub mod region;
pub mod rights;
pub mod role;
pub mod search_terms;
pub mod signature;
pub mod text;
pub mod times;
