//! A folder.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

use ashlar_kernel::{MailError, Mailer as _, contract::mailer::Fixture};
use ashlar_mail::FileMailer;

use super::{mail, read};

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

async fn fixture() -> Option<Fixture> {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mailer = Arc::new(FileMailer::new(folder.path().join("mail")));
    let inbox = Arc::new(move || {
        let folder = folder.path().join("mail");
        let read_all = async move { files(&folder).iter().map(|file| read(&fs::read(file).unwrap())).collect() };
        Box::pin(read_all) as _
    });
    tokio::task::yield_now().await;
    Some(Fixture { mailer, inbox })
}

ashlar_kernel::mailer_contract!(fixture);

#[tokio::test]
async fn a_message_sent_again_is_the_same_file_and_its_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    let mailer = FileMailer::new(folder.path().join("deep/mail"));

    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();

    let files = files(&folder.path().join("deep/mail"));
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(files[0].file_name().unwrap(), "19700101T000000-00000000-0000-0000-0000-000000000007.eml");
    assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_folder_that_is_none_may_become_one() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("mail");
    fs::write(&place, "a file").unwrap();
    let mailer = FileMailer::new(place.clone());

    let refused = mailer.send(&mail()).await;
    assert!(matches!(refused, Err(MailError::Transient(_))), "{refused:?}");

    fs::remove_file(&place).unwrap();
    mailer.send(&mail()).await.unwrap();
}
