//! Where files are kept: those of contracts, and what imports read and write.

use std::{error::Error, fmt, ops::Range};

use ashlar_kernel::{Class, Classified, Entropy, Timestamp, error_codes, store_codes};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

type BoxError = Box<dyn Error + Send + Sync>;

/// How a place for files fails, whatever it is made of. Closed: callers decide by the kind, never by a message.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot work at present: gone, full or read-only. Nothing was kept.
    #[error("files cannot be kept or read at present")]
    Unavailable(#[source] BoxError),
    /// A file is gone or is not what was kept: an operator has to put it back.
    #[error("a file is not what was kept")]
    Damaged(#[source] BoxError),
    /// Anything else: a defect, or an operator's mistake.
    #[error("unexpected failure of the place for files")]
    Internal(#[source] BoxError),
}

impl FileError {
    /// A failure nobody expected.
    pub fn internal(error: impl Into<BoxError>) -> Self {
        Self::Internal(error.into())
    }
}

error_codes! {
    /// Codes of [`FileError`].
    pub mod file_codes {
        FILES_UNAVAILABLE = "files_unavailable", Unavailable, "Files unavailable",
            "The place where files are kept does not answer, is full or read-only. Nothing was kept; repeat the request after `Retry-After` seconds.";
    }
}

impl Classified for FileError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Unavailable(_) | Self::Damaged(_) => Class::Code(&file_codes::FILES_UNAVAILABLE),
            Self::Internal(_) => Class::Code(&store_codes::INTERNAL),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        matches!(self, Self::Unavailable(_) | Self::Damaged(_)).then_some(5)
    }
}

/// Why a part of a file is not taken. The file can only be dropped then.
#[derive(Debug, thiserror::Error)]
pub enum WriteFileError {
    /// The file is larger than it may be.
    #[error("the file is larger than it may be")]
    TooLarge,
    /// The place for files failed.
    #[error(transparent)]
    Files(#[from] FileError),
}

/// The name a file is kept under: 128 random bits as 32 lower-case hexadecimal digits. Nothing that came from outside is
/// in it, so no name can lead out of the place for files, and none can be guessed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKey(String);

impl FileKey {
    /// A name that was never used before.
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(hex(&entropy.bytes::<16>()))
    }

    /// The name that was stored; none if it is no such name.
    pub fn restore(text: &str) -> Option<Self> {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 32 && text.bytes().all(is_hex)).then(|| Self(text.to_owned()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A SHA-256 digest (FIPS 180-4) of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sha256Sum(pub [u8; 32]);

impl fmt::Display for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for half in [byte >> 4, byte & 0xF] {
            text.extend(char::from_digit(half.into(), 16));
        }
        text
    })
}

/// A file that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// What it is called there.
    pub key: FileKey,
    /// Its length in bytes.
    pub size: u64,
    /// What its bytes hash to.
    pub sha256: Sha256Sum,
}

/// A file as it is read. A failure is the last there is.
pub type FileBytes = BoxStream<'static, Result<Bytes, FileError>>;

/// The names of files, in no order. A failure is the last there is.
pub type FileKeys = BoxStream<'static, Result<FileKey, FileError>>;

/// A place for files. It chooses their names and never changes a file that it keeps. Whatever it is made of, it needs no
/// more memory for a large file than for a middling one.
#[async_trait]
pub trait Files: Send + Sync {
    /// Begins a file of at most `limit` bytes.
    async fn begin(&self, limit: u64) -> Result<Box<dyn NewFile>, FileError>;

    /// Reads a file, or the bytes of it from `range.start` to before `range.end`: those there are. None if there is no
    /// such file.
    async fn read(&self, key: &FileKey, range: Option<Range<u64>>) -> Result<Option<FileBytes>, FileError>;

    /// How many bytes a file has; none if there is no such file.
    async fn size(&self, key: &FileKey) -> Result<Option<u64>, FileError>;

    /// Forgets a file, if there is such a one.
    async fn delete(&self, key: &FileKey) -> Result<(), FileError>;

    /// The files that were kept before `moment`, by the clock of the place. What others put there is not among them.
    async fn kept_before(&self, moment: Timestamp) -> Result<FileKeys, FileError>;
}

/// A file on its way. Nobody sees it before it is kept; dropped, it leaves nothing.
#[async_trait]
pub trait NewFile: Send {
    /// Takes the next bytes. Once some were refused, the file can only be dropped.
    async fn write(&mut self, bytes: Bytes) -> Result<(), WriteFileError>;

    /// Keeps the file: once this is answered, it outlives a power cut.
    async fn keep(self: Box<Self>) -> Result<StoredFile, FileError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_were_given_out_are_names() {
        let key = "0123456789abcdef0123456789abcdef";
        assert_eq!(FileKey::restore(key).unwrap().as_str(), key);
        let (loud, long, other) = (key.to_uppercase(), format!("{key}0"), "é".repeat(16));
        for bad in ["", "../../etc/passwd", "0123", &loud, &long, &other] {
            assert_eq!(FileKey::restore(bad), None, "{bad}");
        }
    }

    #[test]
    fn digests_are_shown_in_hexadecimal() {
        let mut bytes = [0; 32];
        bytes[0] = 0xE3;
        bytes[31] = 0x0A;
        assert_eq!(Sha256Sum(bytes).to_string(), format!("e3{}0a", "00".repeat(30)));
    }
}
