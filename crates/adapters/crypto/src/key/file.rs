//! Files with secrets: whole or absent, and only for their owner.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use zeroize::Zeroizing;

/// More than any key needs.
const LARGEST: usize = 64 * 1024;

/// Why a secret file was not read.
#[derive(Debug)]
pub(super) enum NotRead {
    Missing,
    OpenToOthers,
    Io(io::Error),
}

/// Reads a secret file that nobody but its owner can read.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, NotRead> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => NotRead::Missing,
        _ => NotRead::Io(error),
    })?;
    // Asked of the open file, so that it is the same file that is judged and read.
    if is_open_to_others(&file).map_err(NotRead::Io)? {
        return Err(NotRead::OpenToOthers);
    }
    // Room for everything at once: a buffer that grows leaves copies behind.
    let mut content = Zeroizing::new(Vec::with_capacity(LARGEST));
    file.take(LARGEST as u64).read_to_end(&mut content).map_err(NotRead::Io)?;
    Ok(content)
}

/// Writes a secret file that is not there yet; one that is there stays as it is, so that of several processes that start
/// at once all use what the first one wrote. It appears with all its content or not at all, also after a power failure.
/// Answers whether it was us who wrote it.
pub(super) fn create(path: &Path, content: &[u8]) -> io::Result<bool> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Temporary files are 0600 from the beginning on Unix, and removed when anything below fails.
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => sync_folder(folder).map(|()| true),
        Err(lost) if lost.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(failed) => Err(failed.error),
    }
}

/// Creates a folder, and those above it, that only its owner can enter.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Whether others than the owner may read or change it. As PostgreSQL does, a file of root may be readable for its
/// group: that is how a secret is mounted for a process that is not root.
#[cfg(unix)]
fn is_open_to_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let metadata = file.metadata()?;
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    Ok(metadata.mode() & forbidden != 0)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "same signature as on Unix")]
fn is_open_to_others(_file: &File) -> io::Result<bool> {
    Ok(false)
}

/// Makes a new name in `folder` survive a power failure.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
