//! Which value each field has when several leads become one.

use ashlar_kernel::Email;
use chrono::TimeDelta;
use serde_json::json;

use super::*;

fn noon() -> Timestamp {
    "2030-01-01T12:00:00Z".parse().unwrap()
}

fn lead(number: u128, change: impl FnOnce(&mut Details)) -> Lead {
    let mut details = Details {
        full_name: FullName::parse(&format!("Lead Nr {number}")).unwrap(),
        position: None,
        company_name: None,
        phone: None,
        email: Email::parse(&format!("n{number}@example.org")).ok(),
        source: Source::Website,
        category: None,
        notes: None,
        owner: None,
        tags: Tags::default(),
        custom: Custom::default(),
        consent: None,
        utm: Utm::default(),
    };
    change(&mut details);
    Lead::create(id(number), TenantId::MAIN, details, noon()).into_parts().0
}

fn id(number: u128) -> LeadId {
    Id::from_uuid(Uuid::from_u128(number))
}

fn merge(primary: Lead, others: &[Lead], prefer: &[(MergeField, u128)]) -> Merged {
    let prefer = prefer.iter().map(|(field, number)| (*field, id(*number))).collect();
    primary.merge(others.to_vec(), &prefer, noon() + TimeDelta::hours(1)).unwrap()
}

fn line(text: &str) -> Option<ShortLine> {
    ShortLine::parse(text).ok()
}

#[test]
fn what_is_known_stays_and_blanks_are_filled_in_order() {
    let primary = lead(1, |known| known.company_name = line("First"));
    let second = lead(2, |known| (known.company_name, known.position) = (line("Second"), line("CEO")));
    let third = lead(3, |known| (known.position, known.category) = (line("CTO"), Some(Category::Seo)));
    let merged = merge(primary.clone(), &[second, third], &[]);

    let details = merged.primary.details();
    assert_eq!((&details.company_name, &details.position), (&line("First"), &line("CEO")));
    assert_eq!((details.category, details.full_name.as_str()), (Some(Category::Seo), "Lead Nr 1"));
    assert_eq!((merged.before, merged.primary.version()), (primary, 2));
    for away in &merged.away {
        assert_eq!((away.merged_into(), away.deleted_at().is_some(), away.version()), (Some(id(1)), true, 2));
    }
    assert!(details.score() > 25, "the score follows");
}

#[test]
fn who_is_preferred_comes_first_if_they_know() {
    let primary = lead(1, |known| known.company_name = line("First"));
    let second = lead(2, |known| known.company_name = line("Second"));
    let third = lead(3, |_| ());
    let others = [second, third];
    let prefer =
        [(MergeField::FullName, 3), (MergeField::CompanyName, 2), (MergeField::Email, 2), (MergeField::Position, 2)];
    let merged = merge(primary.clone(), &others, &prefer);
    let details = merged.primary.details();
    assert_eq!((details.full_name.as_str(), &details.company_name), ("Lead Nr 3", &line("Second")));
    assert_eq!((details.email.as_ref().unwrap().key(), &details.position), ("n2@example.org", &None));
    let merged = merge(primary, &others, &[(MergeField::CompanyName, 3)]);
    assert_eq!(merged.primary.details().company_name, line("First"), "who knows nothing has nothing to give");
}

#[test]
fn tags_and_members_are_united_as_far_as_there_is_room() {
    let tags = |range: std::ops::Range<u8>| {
        let names: Vec<_> = range.map(|number| format!("t{number:02}")).collect();
        Tags::parse(names.iter().map(String::as_str)).unwrap()
    };
    let custom = |value: serde_json::Value| Custom::parse(value.as_object().unwrap().clone()).unwrap();
    let primary = lead(1, |known| (known.tags, known.custom) = (tags(90..95), custom(json!({ "a": 1 }))));
    let second = lead(2, |known| (known.tags, known.custom) = (tags(0..20), custom(json!({ "a": 2, "b": 2 }))));
    let merged = merge(primary.clone(), std::slice::from_ref(&second), &[]);
    let united: Vec<_> = merged.primary.details().tags.iter().collect();
    assert_eq!((united.len(), united.first(), united.last()), (20, Some(&"t00"), Some(&"t94")));
    assert_eq!(merged.primary.details().custom.to_json(), json!({ "a": 1, "b": 2 }));
    let merged = merge(primary, &[second], &[(MergeField::Tags, 2), (MergeField::Custom, 2)]);
    assert!(!merged.primary.details().tags.contains("t90"));
    assert_eq!(merged.primary.details().custom.to_json(), json!({ "a": 2, "b": 2 }));
}

#[test]
fn the_most_careful_consent_counts() {
    let consent = |marketing, hours| {
        let at = noon() + TimeDelta::hours(hours);
        Some(Consent { marketing, text_version: hours.to_string(), at, ip: None })
    };
    let of = |consents: [Option<Consent>; 3]| {
        let [one, two, three] = consents.map(|consent| lead(1, |known| known.consent = consent));
        let merged = one.merge(vec![two, three], &Preferences::new(), noon()).unwrap();
        merged.primary.details.consent
    };
    assert_eq!(of([consent(true, 3), consent(false, 1), consent(true, 2)]), consent(false, 1));
    assert_eq!(of([consent(false, 1), consent(false, 2), None]), consent(false, 2));
    assert_eq!(of([None, consent(true, 1), consent(true, 2)]), consent(true, 2));
    assert_eq!(of([None, None, None]), None);
}

#[test]
fn one_client_at_most_comes_along() {
    let convert = |lead: Lead| {
        let qualified = lead.move_to(LeadStatus::Qualified, None, MovePower::default(), noon()).unwrap().into_parts().0;
        qualified.convert(Id::from_uuid(Uuid::from_u128(9)), noon()).unwrap().into_parts().0
    };
    let (primary, client) = (lead(1, |_| ()), convert(lead(2, |_| ())));
    let merged = merge(primary.clone(), std::slice::from_ref(&client), &[]);
    assert_eq!((merged.primary.status(), merged.primary.converted_at()), (LeadStatus::Won, Some(noon())));
    assert_eq!(merged.away[0].converted_at(), None, "whose client is another's is none");

    let kept = merge(client.clone(), &[primary], &[]);
    assert_eq!((kept.primary.status(), kept.primary.converted_at()), (LeadStatus::Won, Some(noon())));
    let both = client.merge(vec![convert(lead(3, |_| ()))], &Preferences::new(), noon());
    assert_eq!(both, Err(TwoClients));
}
