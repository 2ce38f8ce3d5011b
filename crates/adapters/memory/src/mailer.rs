//! Mail that goes nowhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ashlar_kernel::{MailError, Mailer, OutgoingMail};
use async_trait::async_trait;

/// Keeps every message, for tests to read. Clones share them.
///
/// ```
/// use ashlar_kernel::{Clock, MailAddress, Mailbox, Mailer, OutgoingMail};
/// use ashlar_memory::{ManualClock, MemoryMailer};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mailer = MemoryMailer::new();
/// let from = Mailbox::parse("Ashlar <no-reply@example.org>")?;
/// let to = MailAddress::parse("ada@example.org")?;
/// let now = ManualClock::at("2030-01-01T12:00:00Z").now();
/// let draft = OutgoingMail::draft(uuid::Uuid::from_u128(1), from, to, now);
/// mailer.send(&draft.saying("Hello", "Hello Ada.".to_owned(), None)?).await?;
/// assert_eq!(mailer.sent()[0].subject(), "Hello");
/// # Ok(())
/// # }
/// # futures::executor::block_on(example()).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct MemoryMailer(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    sent: Vec<OutgoingMail>,
    failing: Option<MailError>,
}

impl MemoryMailer {
    /// Nothing sent yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every message, in the order in which they came.
    pub fn sent(&self) -> Vec<OutgoingMail> {
        self.state().sent.clone()
    }

    /// From now on nothing is taken, for this reason; or everything again.
    pub fn fail(&self, why: Option<MailError>) {
        self.state().failing = why;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Mailer for MemoryMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let mut state = self.state();
        if let Some(error) = &state.failing {
            return Err(error.clone());
        }
        state.sent.push(mail.clone());
        Ok(())
    }
}
