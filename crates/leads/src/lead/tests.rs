//! What leads do when they are edited and moved.

use ashlar_kernel::{Email, Patch};
use serde_json::json;

use super::*;

fn noon() -> Timestamp {
    "2030-01-01T12:00:00Z".parse().unwrap()
}

fn details() -> Details {
    Details {
        full_name: FullName::parse("Ada Lovelace").unwrap(),
        position: None,
        company_name: None,
        phone: None,
        email: Some(Email::parse("Ada@Example.org").unwrap()),
        source: Source::Website,
        category: None,
        notes: None,
        owner: None,
        tags: Tags::parse(["b", "a"]).unwrap(),
        custom: Custom::default(),
        consent: None,
        utm: Utm::default(),
    }
}

fn lead() -> Lead {
    let id = Id::from_uuid(Uuid::from_u128(1));
    Lead::create(id, TenantId::MAIN, details(), noon()).into_parts().0
}

#[test]
fn nothing_different_is_no_edit() {
    let patch = LeadPatch { full_name: FullName::parse(" Ada  Lovelace").ok(), ..LeadPatch::default() };
    assert_eq!(lead().edit(patch, noon()), Ok(None));
}

#[test]
fn an_edit_names_its_fields_and_withholds_what_is_personal() {
    let patch = LeadPatch {
        full_name: FullName::parse("Grace Hopper").ok(),
        source: Some(Source::Phone),
        owner: Patch::Set(Uuid::from_u128(7)),
        ..LeadPatch::default()
    };
    let (edited, events) = lead().edit(patch, noon()).unwrap().unwrap().into_parts();

    assert_eq!((edited.version(), edited.owner()), (2, Some(Uuid::from_u128(7))));
    let [updated, assigned] = events.as_slice() else { panic!("{events:?}") };
    let diff = serde_json::to_value(ashlar_kernel::DomainEvent::diff(updated)).unwrap();
    assert_eq!(diff[0], json!({ "path": "/full_name", "old": { "withheld": true }, "new": { "withheld": true } }));
    assert_eq!(diff[1], json!({ "path": "/source", "old": "website", "new": "phone" }));
    assert!(matches!(assigned, LeadEvent::Assigned { from: None, to: Some(_), .. }));
}

#[test]
fn a_lead_keeps_an_address_or_a_number() {
    let patch = LeadPatch { email: Patch::Clear, ..LeadPatch::default() };
    assert_eq!(lead().edit(patch, noon()), Err(ContactRequired));
}

#[test]
fn blanks_are_filled_and_what_is_known_stays() {
    let phone = Phone::restore("1", "+4930123456");
    let other = Details { phone, full_name: FullName::parse("Somebody Else").unwrap(), ..details() };
    let filled = lead().fill_blanks(other.clone(), noon()).unwrap().into_parts().0;
    assert_eq!(filled.details().full_name.as_str(), "Ada Lovelace");
    assert!(filled.details().phone.is_some());
    assert!(filled.fill_blanks(other, noon()).is_none());
}

#[test]
fn a_lost_lead_says_why_and_a_found_one_does_not() {
    let power = MovePower::default();
    let lost = lead().move_to(LeadStatus::Lost, Some(LostReason::Budget), power, noon()).unwrap().into_parts().0;
    assert_eq!(lost.lost_reason(), Some(LostReason::Budget));
    let found = lost.move_to(LeadStatus::Contacted, Some(LostReason::Budget), power, noon()).unwrap().into_parts().0;
    assert_eq!((found.lost_reason(), found.last_contacted_at()), (None, Some(noon())));
    let refused = found.move_to(LeadStatus::Won, None, power, noon()).unwrap_err();
    assert_eq!(refused.allowed, LeadStatus::Contacted.next());
}

#[test]
fn what_is_put_away_or_spam_holds_no_address() {
    assert!(lead().holds_address());
    assert!(!lead().delete(noon()).state().holds_address());
    let spam = lead().move_to(LeadStatus::Spam, None, MovePower::default(), noon()).unwrap();
    assert!(!spam.state().holds_address());
}

#[test]
fn a_lead_survives_storage() {
    let row = lead().to_row().unwrap();
    assert_eq!((row.tags.as_str(), row.name_key.as_str()), (" a b ", "ada lovelace"));
    assert_eq!(row.search_key, "ada lovelace\n\nada@example.org\n");
    assert_eq!(Lead::restore(row).unwrap(), lead());
}

#[test]
fn the_more_is_known_the_better_the_score() {
    assert_eq!(details().score(), 25);
    let marketing = Consent { marketing: true, text_version: "1".to_owned(), at: noon(), ip: None };
    assert_eq!(Details { consent: Some(marketing), ..details() }.score(), 40);
}
