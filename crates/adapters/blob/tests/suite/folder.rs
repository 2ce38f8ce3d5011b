//! A folder.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc, time::Duration};

use ashlar_blob::{BlobFiles, BlobUrl, PART};
use ashlar_leads::{
    contract::files::Fixture,
    port::{FileError, Files as _},
};
use ashlar_memory::SeededEntropy;
use bytes::Bytes;

fn files_in(folder: &Path) -> BlobFiles {
    let place = BlobUrl::Folder(folder.to_owned());
    BlobFiles::new(place, None, Arc::new(SeededEntropy::new(1))).unwrap()
}

async fn fixture() -> Option<Fixture> {
    let folder = tempfile::tempdir().unwrap();
    tokio::task::yield_now().await;
    Some(Fixture { files: Arc::new(files_in(&folder.path().join("deep/blobs"))), guard: Box::new(folder) })
}

ashlar_leads::files_contract!(fixture);

/// Every file below a folder, by its path there.
fn names(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for shelf in fs::read_dir(folder).unwrap() {
        let shelf = shelf.unwrap();
        for file in fs::read_dir(shelf.path()).unwrap() {
            found.push(format!("{}/{}", shelf.file_name().display(), file.unwrap().file_name().display()));
        }
    }
    found
}

#[tokio::test]
async fn a_file_is_nowhere_until_it_is_kept_and_its_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("blobs");
    let files = files_in(&place);

    let mut given_up = files.begin(u64::MAX).await.unwrap();
    given_up.write(Bytes::from(vec![0; PART + 1])).await.unwrap();
    assert_eq!(names(&place).len(), 1, "a part of it lies there, under a name that is no file's");
    drop(given_up);
    let mut kept = files.begin(u64::MAX).await.unwrap();
    kept.write(Bytes::from_static(b"abc")).await.unwrap();
    let kept = kept.keep().await.unwrap();

    let key = kept.key.as_str();
    let expected = [format!("{}/{key}", key.split_at(2).0)];
    for _ in 0..100 {
        if names(&place) == expected {
            break;
        }
        // It is taken away by another thread.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(names(&place), expected);
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_folder_that_is_none_may_become_one() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("blobs");
    fs::write(&place, "a file").unwrap();
    let files = files_in(&place);

    let refused = files.begin(1).await.err();
    assert!(matches!(refused, Some(FileError::Unavailable(_))), "{refused:?}");
    assert!(files.probe().await.is_err());

    fs::remove_file(&place).unwrap();
    files.probe().await.unwrap();
    files.begin(1).await.unwrap().keep().await.unwrap();
}
