//! Mail into a folder.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::PathBuf,
};

use ashlar_kernel::{MailError, Mailer, OutgoingMail};
use async_trait::async_trait;

use crate::message::message;

/// Writes each message as an `.eml` file, which every mail program opens. The name is made of the message's moment and
/// id: a message that is handed over again is the same file.
pub struct FileMailer(PathBuf);

impl FileMailer {
    /// Mail goes into `folder`, which is made when there is something to put in.
    pub const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let bytes = message(mail)?.formatted();
        let (folder, name) = (self.0.clone(), format!("{}-{}", mail.date().format("%Y%m%dT%H%M%S"), mail.id()));
        let written = tokio::task::spawn_blocking(move || {
            fs::create_dir_all(&folder)?;
            let (whole, part) = (folder.join(format!("{name}.eml")), folder.join(format!(".{name}.part")));
            // Whole or not at all: whoever looks at the folder meanwhile reads no half of a message.
            write(&part, &bytes)?;
            fs::rename(part, whole)
        });
        let failed = |error: &io::Error| MailError::Transient(format!("the folder of mail cannot be written: {error}"));
        match written.await {
            Ok(outcome) => outcome.map_err(|error| failed(&error)),
            Err(error) => Err(failed(&io::Error::other(error))),
        }
    }
}

fn write(path: &std::path::Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // Letters hold links that let people in.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
