//! Who may: how somebody shows who he is, what he may do and see, how often he may try, and what is written down of it.

pub mod allowances;
pub mod audit;
pub mod credential;
pub mod identity;
pub mod own_password;
pub mod password;
pub mod reveal;
pub mod rights;
pub mod token;
pub mod tries;
