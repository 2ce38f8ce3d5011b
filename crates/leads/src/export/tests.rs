use ashlar_kernel::{TenantId, Timestamp};
use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::{
    LeadFilter, LeadSearch, LeadStatus,
    port::{FileKey, Sha256Sum, StoredFile},
};

const NOON: Timestamp = Timestamp::UNIX_EPOCH;

fn wish() -> ExportLeads {
    let filter = LeadFilter {
        status: vec![LeadStatus::New, LeadStatus::Won],
        owner: vec![None, Some(Uuid::from_u128(7))],
        tag: vec!["vip".to_owned()],
        created_from: Some(NOON),
        has_email: Some(false),
        company: Some("b\u{fc}cher".to_owned()),
        // As long as it may be, and longer in the form that is equal for every spelling.
        search: LeadSearch::parse(&"\u{df}".repeat(100)).ok(),
        ..LeadFilter::default()
    };
    ExportLeads { filter, columns: vec![ExportColumn::Email, ExportColumn::Custom], format: ExportFormat::Jsonl }
}

fn asked() -> ExportJob {
    let whose = (TenantId::MAIN, Uuid::from_u128(3), None);
    ExportJob::request(ExportId::from_uuid(Uuid::from_u128(1)), whose, wish(), NOON).into_parts().0
}

fn file() -> StoredFile {
    StoredFile { key: FileKey::restore(&"0f".repeat(16)).unwrap(), size: 77, sha256: Sha256Sum([9; 32]) }
}

#[test]
fn a_wish_survives_storage() {
    assert_eq!(ExportLeads::restore(&wish().to_json()), Some(wish()));
    let mut other = wish().to_json();
    other["status"] = serde_json::json!(["nowhere"]);
    assert_eq!(ExportLeads::restore(&other), None);
}

#[test]
fn what_an_export_is_about_is_forgotten_when_it_is_over() {
    let running = || asked().claim((NOON, NOON + TimeDelta::seconds(15))).into_parts().0;
    let over = [
        running().complete(file(), 5, NOON),
        running().fail("permission_lost", NOON),
        running().cancel(NOON).unwrap(),
        asked().cancel(NOON).unwrap(),
    ];
    for change in over {
        let job = change.into_parts().0;
        assert!(job.state().is_over() && job.wish().is_none() && job.finished_at().is_some());
        assert!(!job.is_free(NOON + TimeDelta::days(1)));
        assert!(job.cancel(NOON).is_none());
    }
}

#[test]
fn a_file_can_be_had_for_a_day_and_then_goes() {
    let done = asked().complete(file(), 5, NOON).into_parts().0;
    let last = NOON + TimeDelta::hours(24) - TimeDelta::milliseconds(1);
    let over = NOON + TimeDelta::hours(24);
    assert_eq!((done.file(last), done.file(over)), (Some(&file()), None));
    assert!(done.clone().expire(last).is_none());
    let gone = done.expire(over).unwrap().into_parts().0;
    assert_eq!((gone.state(), gone.stored_file(), gone.size()), (ExportState::Expired, None, (5, 77)));
    assert!(gone.expire(over).is_none());
}
