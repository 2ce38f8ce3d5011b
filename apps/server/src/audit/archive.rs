//! A folder of checkpoints: `<tenant>/<size>.checkpoint`, each written once.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use ashlar_audit::port::{ArchiveError, CheckpointArchive, SignedCheckpoint};
use async_trait::async_trait;
use tempfile::{Builder, PersistError};

use super::KeptNote;

/// A folder that takes checkpoints. The files are for everybody to read: they hold no secret.
#[derive(Debug, Clone)]
pub struct CheckpointFolder(PathBuf);

/// There is another checkpoint of the same size: the trail was computed anew, or the folder is of another installation.
#[derive(Debug, thiserror::Error)]
#[error("{} holds another checkpoint of the same size", path.display())]
struct Contradiction {
    path: PathBuf,
}

impl CheckpointFolder {
    /// The folder at `path`, which is made when the first checkpoint comes.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Every checkpoint in it, unread. A folder that is not there holds none.
    pub fn notes(&self) -> io::Result<Vec<KeptNote>> {
        let mut notes = Vec::new();
        let is_note = |file: &PathBuf| file.extension().is_some_and(|extension| extension == EXTENSION);
        for tenant in entries(&self.0)?.into_iter().filter(|path| path.is_dir()) {
            for file in entries(&tenant)?.into_iter().filter(is_note) {
                // What is no text is no checkpoint, and is told apart from those later.
                let text = String::from_utf8_lossy(&fs::read(&file)?).into_owned();
                notes.push(KeptNote { file, text });
            }
        }
        Ok(notes)
    }
}

const EXTENSION: &str = "checkpoint";

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let found = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found?,
    };
    let mut paths = found.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[async_trait]
impl CheckpointArchive for CheckpointFolder {
    async fn publish(&self, checkpoint: &SignedCheckpoint) -> Result<(), ArchiveError> {
        let folder = self.0.join(checkpoint.tenant.as_uuid().to_string());
        // Twenty digits, so that names sort by size.
        let path = folder.join(format!("{:020}.{EXTENSION}", checkpoint.size));
        let note = checkpoint.note.clone();
        let written = tokio::task::spawn_blocking(move || write_once(&folder, &path, &note)).await;
        written.map_err(|error| ArchiveError(error.into()))?
    }
}

/// The file appears whole or not at all, and is on the disk when this returns.
fn write_once(folder: &Path, path: &Path, note: &str) -> Result<(), ArchiveError> {
    let failed = |error: io::Error| ArchiveError(error.into());
    fs::create_dir_all(folder).map_err(failed)?;
    let mut file = Builder::new().prefix(".new-").tempfile_in(folder).map_err(failed)?;
    file.write_all(note.as_bytes()).map_err(failed)?;
    readable(file.as_file()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_file) => File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed),
        Err(PersistError { error, .. }) if error.kind() == io::ErrorKind::AlreadyExists => {
            let is_same = fs::read_to_string(path).map_err(failed)? == note;
            if is_same { Ok(()) } else { Err(ArchiveError(Contradiction { path: path.to_owned() }.into())) }
        }
        Err(PersistError { error, .. }) => Err(failed(error)),
    }
}

#[cfg(unix)]
fn readable(file: &File) -> io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::TenantId;

    use super::*;

    fn signed(size: u64, note: &str) -> SignedCheckpoint {
        SignedCheckpoint { tenant: TenantId::MAIN, size, note: note.to_owned() }
    }

    #[actix_web::test]
    async fn a_checkpoint_is_written_once_and_never_replaced() {
        let place = tempfile::tempdir().unwrap();
        let folder = CheckpointFolder::new(place.path().join("checkpoints"));
        assert!(folder.notes().unwrap().is_empty());

        for (size, note) in [(9, "nine"), (10, "ten"), (9, "nine")] {
            folder.publish(&signed(size, note)).await.unwrap();
        }
        let refused = folder.publish(&signed(9, "another")).await.unwrap_err();

        assert!(refused.to_string().contains("another checkpoint of the same size"), "{refused}");
        let texts: Vec<_> = folder.notes().unwrap().into_iter().map(|note| note.text).collect();
        assert_eq!(texts, ["nine", "ten"]);
    }
}
