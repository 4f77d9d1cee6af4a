//! The agent's work beside the customers themselves.

pub mod views;
