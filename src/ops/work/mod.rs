//! The agent's work on customers.

mod about;
pub mod due;
pub mod follow_up;
pub mod logs;
pub mod reminders;
pub mod tickets;
pub mod viewing;
pub mod views;
pub mod watching;
