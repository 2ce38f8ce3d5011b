//! One process at a time on a SQLite file.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use crate::ConnectError;

/// Held as long as it lives, and let go by the operating system however the process ends.
///
/// SQLite itself would let two processes in; caches, the session map and the sealer of the event log would not notice
/// each other. The lock is on a file beside the database, because SQLite locks the database file for its own purposes.
pub(crate) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Locks `database`, which exists.
    pub(crate) fn take(database: &Path) -> Result<Self, ConnectError> {
        let unusable = |source| ConnectError::Unusable { path: database.to_owned(), source };
        // Whatever the file is called, a link or a relative path: one database has one lock.
        let mut name: OsString = database.canonicalize().map_err(unusable)?.into();
        name.push(".lock");
        let file = private(&PathBuf::from(name)).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(ConnectError::InUse { path: database.to_owned() }),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}

/// Makes sure that `path` exists; a new file is for its owner only. SQLite gives its other files the same rights.
pub(crate) fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        // A database that may only be read is still worth opening.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && path.exists() => File::open(path),
        outcome => outcome,
    }
}
