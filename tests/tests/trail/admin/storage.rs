//! Whether things can be kept, as workers look at it.

use std::{fs, sync::Arc};

use ashlar_admin::Places;
use ashlar_blob::{BlobFiles, BlobUrl};
use ashlar_memory::{MemoryFiles, SeededEntropy};
use ashlar_server::work::Storage;

#[tokio::test]
async fn a_place_that_works_is_no_matter_and_nothing_is_left_there() {
    let files = MemoryFiles::new(Arc::new(SeededEntropy::new(1)));
    let folder = tempfile::tempdir().unwrap();
    let here = vec![("data", folder.path().to_owned())];
    let storage = Storage { files: Arc::new(files.clone()), folders: here, least_free: 0 };

    assert_eq!(storage.places().await, Places::default());
    assert!(files.names().is_empty());
}

#[tokio::test]
async fn a_folder_that_is_none_fails_and_works_again_once_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = folder.path().join("blobs");
    fs::write(&blobs, "no folder").unwrap();
    let url = BlobUrl::Folder(blobs.clone());
    let files = Arc::new(BlobFiles::new(url, None, Arc::new(SeededEntropy::new(1))).unwrap());
    let storage = Storage { files, folders: Vec::new(), least_free: 5 };
    assert!(storage.places().await.files_fail);

    fs::remove_file(&blobs).unwrap();
    assert!(!storage.places().await.files_fail);
}

#[tokio::test]
async fn a_disk_with_less_than_what_is_asked_for_is_low_and_says_what_is_there() {
    let files = Arc::new(MemoryFiles::new(Arc::new(SeededEntropy::new(1))));
    let folder = tempfile::tempdir().unwrap();
    let folders = vec![("database", folder.path().join("a.db")), ("files", folder.path().join("blobs"))];
    // No disk has more free than there is.
    let storage = Storage { files, folders, least_free: 101 };

    let places = storage.places().await;

    assert_eq!((places.files_fail, places.low.as_slice()), (false, ["database", "files"].as_slice()));
}
