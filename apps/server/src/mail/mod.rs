//! Mail: who is told what, and how it is said.
//!
//! An event leads to a job (`notices.rs`), the job writes a letter to whom it concerns and hands it over (`send.rs`).
//! A letter is a struct with a template for text and one for HTML in each language (`letter.rs`, `templates/mail`),
//! or words in each language for a form that many share (`message.rs`, `words.rs`).

mod contact;
mod letter;
mod message;
mod newsletter;
mod notices;
mod notifications;
mod send;
mod words;

pub use contact::{ContactNotices, TellStaff};
pub use letter::{Language, Letter, SessionReuse, Trial, Written};
pub use newsletter::{NewsletterNotices, SendNewsletter};
pub use notices::Notices;
pub use notifications::{NotificationNotices, SendNotification, TellAdministrators};
pub use send::{Post, SendMail};
