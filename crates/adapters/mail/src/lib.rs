//! Ashlar's mail port on SMTP, on SendGrid, and on a folder of `.eml` files.
//!
//! The crate promises: a message that was handed over is one the other side has taken, with both bodies, whatever
//! letters or lines they hold; a message that is handed over again keeps its `Message-ID`; failures are sorted by what
//! helps against them ([`MailError`](ashlar_kernel::MailError)). It deliberately has no queue and no retries, which are
//! the jobs', and no templates.
//!
//! ```
//! use ashlar_mail::MailUrl;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let url = MailUrl::parse("smtps://mailer:s%C3%A9cret@smtp.example.org")?;
//! assert_eq!(format!("{url:?}"), "MailUrl(smtps://smtp.example.org:465)");
//! # Ok(())
//! # }
//! ```

mod file;
mod message;
mod sendgrid;
mod smtp;
mod url;

use std::{sync::Arc, time::Duration};

use ashlar_kernel::Mailer;

pub use self::{
    file::FileMailer,
    sendgrid::SendGridMailer,
    smtp::{SmtpMailer, SmtpServer, Tls},
    url::{InvalidMailUrl, MailUrl},
};

/// The other side may take so long.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The mailer behind a URL.
pub fn open(url: &MailUrl) -> Result<Arc<dyn Mailer>, ashlar_kernel::MailError> {
    Ok(match url {
        MailUrl::File(folder) => Arc::new(FileMailer::new(folder.clone())),
        MailUrl::Smtp(server) => Arc::new(SmtpMailer::new(server, PATIENCE)?),
        MailUrl::SendGrid { host, key } => Arc::new(SendGridMailer::new(&format!("https://{host}"), key, PATIENCE)?),
    })
}
