//! Read a stored file, and make sure that it is what was kept.

use std::ops::Range;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use super::Leads;
use crate::port::{FileBytes, FileError, FileKey, Sha256Sum, StoredFile};

/// For an operator: which file to put back.
#[derive(Debug, thiserror::Error)]
enum Damage {
    #[error("the stored file {0} is gone, or has another length than it had")]
    Length(FileKey),
    #[error("the stored file {0} holds other bytes than it did")]
    Bytes(FileKey),
}

/// Bytes on their way, of which the last part is held back until all were hashed.
struct Check {
    bytes: FileBytes,
    hash: Sha256,
    held: Option<Bytes>,
    file: StoredFile,
}

impl Leads {
    /// A stored file, or a part of it. All of it is hashed on its way: one whose bytes are others than those that were kept
    /// ends in a failure before its last part.
    pub(super) async fn read_stored(
        &self,
        file: &StoredFile,
        range: Option<Range<u64>>,
    ) -> Result<FileBytes, FileError> {
        let files = &self.0.ports.files;
        let gone = || FileError::Damaged(Damage::Length(file.key.clone()).into());
        if files.size(&file.key).await? != Some(file.size) {
            return Err(gone());
        }
        let is_whole = range.as_ref().is_none_or(|range| range.start == 0 && range.end >= file.size);
        let bytes = files.read(&file.key, range).await?.ok_or_else(gone)?;
        Ok(if is_whole { checked(bytes, file.clone()) } else { bytes })
    }
}

fn checked(bytes: FileBytes, file: StoredFile) -> FileBytes {
    let check = Some(Check { bytes, hash: Sha256::new(), held: None, file });
    let parts = stream::try_unfold(check, |check| async {
        let Some(mut check) = check else { return Ok(None) };
        while let Some(part) = check.bytes.try_next().await? {
            check.hash.update(&part);
            if let Some(before) = check.held.replace(part) {
                return Ok(Some((before, Some(check))));
            }
        }
        let Check { hash, held, file, .. } = check;
        if Sha256Sum(hash.finalize().into()) != file.sha256 {
            return Err(FileError::Damaged(Damage::Bytes(file.key).into()));
        }
        Ok(held.map(|last| (last, None)))
    });
    parts.boxed()
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    fn read(parts: &[&'static str], kept: &str) -> (String, bool) {
        let key = FileKey::restore(&"0f".repeat(16)).unwrap();
        let sha256 = Sha256Sum(Sha256::digest(kept.as_bytes()).into());
        let file = StoredFile { key, size: kept.len() as u64, sha256 };
        let parts: Vec<_> = parts.iter().map(|part| Ok(Bytes::from_static(part.as_bytes()))).collect();
        block_on(async {
            let (mut bytes, mut seen) = (checked(stream::iter(parts).boxed(), file), String::new());
            let error = loop {
                match bytes.try_next().await {
                    Ok(Some(part)) => seen.push_str(std::str::from_utf8(&part).unwrap()),
                    Ok(None) => return (seen, true),
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, FileError::Damaged(_)), "{error}");
            assert!(bytes.try_next().await.unwrap().is_none(), "a failure is the last there is");
            (seen, false)
        })
    }

    #[test]
    fn what_is_not_what_was_kept_never_ends_well() {
        assert_eq!(read(&["ab", "cd", "e"], "abcde"), ("abcde".to_owned(), true));
        assert_eq!(read(&["abcde"], "abcde"), ("abcde".to_owned(), true));
        assert_eq!(read(&[], ""), (String::new(), true));
        assert_eq!(read(&["ab", "cd", "X"], "abcde"), ("abcd".to_owned(), false), "the last part is missing");
        assert_eq!(read(&["Xb", "cd", "e"], "abcde"), ("Xbcd".to_owned(), false));
        assert_eq!(read(&["abcdX"], "abcde"), (String::new(), false));
    }
}
