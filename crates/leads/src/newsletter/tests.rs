//! What a subscription may become, how often a mailbox is written to, and which links are ours.

use ashlar_kernel::{Email, ExposeSecret as _, MacKey, TenantId, Timestamp};
use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn noon() -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn evidence() -> Evidence {
    Evidence { text_version: "1".to_owned(), at: noon(), ip: None, user_agent: None, entered_by: None }
}

fn pending(id: u128) -> Subscription {
    let new = NewSubscription {
        id: SubscriptionId::from_uuid(Uuid::from_u128(id)),
        tenant: TenantId::MAIN,
        list: MailingListId::from_uuid(Uuid::from_u128(9)),
        email: Email::parse("ada@example.org").unwrap(),
        name: None,
        evidence: evidence(),
    };
    Subscription::request(new, noon()).into_parts().0
}

fn confirmed() -> Subscription {
    pending(1).confirm(None, noon()).unwrap().into_parts().0
}

#[test]
fn who_does_not_confirm_in_time_is_not_on_the_list() {
    let late = noon() + TimeDelta::hours(72);
    assert_eq!(pending(1).expire(late - TimeDelta::milliseconds(1)), None);
    let expired = pending(1).expire(late).unwrap().into_parts().0;
    assert_eq!(expired.status(), SubscriptionStatus::Expired);
    assert_eq!(expired.clone().confirm(None, late), None);
    let asked = expired.clone().ask_for_letter(late).unwrap().into_parts().0;
    assert_eq!(
        (asked.status(), asked.asked_at()),
        (SubscriptionStatus::Pending, late),
        "the page says: have another sent"
    );
    assert_eq!(expired.request_again(None, evidence(), late).state().status(), SubscriptionStatus::Pending);
    assert_eq!(confirmed().expire(late), None);
}

#[test]
fn who_is_on_the_list_stays_there_when_somebody_types_their_address_in() {
    let again = confirmed().request_again(None, evidence(), noon());
    assert_eq!((again.state().status(), again.state().version()), (SubscriptionStatus::Confirmed, 3));
    assert_eq!(again.events().len(), 1, "the log cannot tell either");
}

#[test]
fn nobody_enters_who_has_unsubscribed_but_themselves() {
    let ended = confirmed().unsubscribe(UnsubscribeReason::OneClick, noon()).unwrap().into_parts().0;
    assert_eq!(ended.clone().unsubscribe(UnsubscribeReason::OneClick, noon()), None, "once");
    let refused = ended.clone().enter_again(None, evidence(), noon());
    assert!(matches!(refused, Err(NewsletterError::Unsubscribed)), "{refused:?}");
    let asked = ended.request_again(None, evidence(), noon()).into_parts().0;
    assert_eq!((asked.status(), asked.unsubscribed_at()), (SubscriptionStatus::Unsubscribed, Some(noon())));
    let refused = asked.clone().enter_again(None, evidence(), noon());
    assert!(matches!(refused, Err(NewsletterError::Unsubscribed)), "a wish that anybody typed in opens nothing");
    let forgotten = asked.clone().expire(noon() + TimeDelta::hours(72)).unwrap().into_parts().0;
    assert_eq!((forgotten.status(), forgotten.waits()), (SubscriptionStatus::Unsubscribed, false));
    let again = asked.clone().unsubscribe(UnsubscribeReason::OneClick, noon()).unwrap().into_parts().0;
    assert!(!again.waits(), "the letter has a link to stop it");
    let back = asked.confirm(None, noon()).unwrap().into_parts().0;
    assert_eq!((back.status(), back.unsubscribed_at()), (SubscriptionStatus::Confirmed, None));
}

#[test]
fn whose_letters_come_back_stays_so_until_they_confirm() {
    let bounced = confirmed().bounce(Bounce::Hard, noon()).unwrap().into_parts().0;
    let asked = bounced.request_again(None, evidence(), noon()).into_parts().0;
    assert_eq!((asked.status(), asked.waits()), (SubscriptionStatus::Bounced, true));
}

#[test]
fn a_link_confirms_what_its_letter_was_written_for() {
    let secret = ConfirmSecret::parse(&"A".repeat(43)).unwrap();
    let own = pending(1);
    let link = ConfirmToken::issue(&secret, &own, noon());
    let strange = Evidence { text_version: "strange".to_owned(), ..evidence() };
    let rewritten = own.request_again(Name::parse("Eve").ok(), strange, noon()).into_parts().0;
    let wish = rewritten.wish_of(&link).unwrap();
    let back = rewritten.confirm_wish(wish, None, noon()).unwrap().into_parts().0;
    assert_eq!((back.evidence(), back.name()), (&evidence(), None));

    let later = noon() + TimeDelta::seconds(1);
    let ended = back.unsubscribe(UnsubscribeReason::OneClick, later).unwrap().into_parts().0;
    let asked = ended.request_again(None, evidence(), later).into_parts().0;
    assert_eq!(asked.wish_of(&link), None, "it is older than their wish for no letters");
    assert!(asked.wish_of(&ConfirmToken::issue(&secret, &asked, later)).is_some());
}

#[test]
fn what_is_suppressed_stays_suppressed() {
    let gone = confirmed().suppress(SuppressionReason::Complaint, noon()).unwrap().into_parts().0;
    assert_eq!(gone.clone().suppress(SuppressionReason::Erasure, noon()), None);
    assert_eq!(gone.clone().request_again(None, evidence(), noon()).state().status(), SubscriptionStatus::Suppressed);
    assert_eq!(gone.clone().ask_for_letter(noon()), None);
    let refused = gone.enter_again(None, evidence(), noon());
    assert!(matches!(refused, Err(NewsletterError::Suppressed)), "{refused:?}");
}

#[test]
fn one_hard_bounce_or_five_soft_ones_within_a_month_end_the_letters() {
    let hard = confirmed().bounce(Bounce::Hard, noon()).unwrap();
    assert_eq!(hard.state().status(), SubscriptionStatus::Bounced);
    let mut soft = confirmed();
    for day in 0..4 {
        soft = soft.bounce(Bounce::Soft, noon() + TimeDelta::days(day)).unwrap().into_parts().0;
    }
    let after = |days| soft.clone().bounce(Bounce::Soft, noon() + TimeDelta::days(days)).unwrap().into_parts().0;
    assert_eq!(after(30).status(), SubscriptionStatus::Confirmed, "a month later it is the first");
    assert_eq!(after(29).status(), SubscriptionStatus::Bounced);
    assert_eq!(after(29).bounce(Bounce::Hard, noon()), None);
}

#[test]
fn a_single_opt_in_is_two_facts_at_once() {
    let new = Subscription::at_once(pending(1).erase(), None);
    assert_eq!(
        (new.state().status(), new.state().version(), new.events().len()),
        (SubscriptionStatus::Confirmed, 1, 2)
    );
}

#[test]
fn a_mailbox_gets_one_letter_in_ten_minutes_and_three_a_day() {
    let empty = SubscriberMailbox::unknown(TenantId::MAIN, AddressHash([0; 32]), noon());
    let at = |minutes| noon() + TimeDelta::minutes(minutes);
    let id = Uuid::from_u128;
    let one = empty.take((id(1), LetterWish::Other), at(0)).unwrap();
    assert_eq!(one.clone().take((id(2), LetterWish::Other), at(9)), Err(NotNow::Enough));
    assert_eq!(one.clone().take((id(1), LetterWish::Other), at(1)).unwrap().letters, one.letters, "the same letter");
    let three = one.take((id(2), LetterWish::Other), at(10)).unwrap().take((id(3), LetterWish::Other), at(20)).unwrap();
    assert_eq!(three.clone().take((id(4), LetterWish::Other), at(24 * 60 - 1)), Err(NotNow::Enough));
    let next_day = three.take((id(4), LetterWish::Other), at(24 * 60)).unwrap();
    assert_eq!((next_day.letters.len(), next_day.version), (3, 4), "the first is forgotten");
    let event = SubscriptionEvent::Erased { subscription: pending(1).id(), list: pending(1).list() };
    let suppressed = next_day.suppress(SuppressionReason::Erasure, event, noon()).into_parts().0;
    assert_eq!(suppressed.take((id(4), LetterWish::Own), at(9_999)), Err(NotNow::Suppressed));
}

#[test]
fn short_names_are_plain() {
    for bad in ["", "A", "-a", "a-", "a b", "\u{e4}", &"a".repeat(61)] {
        assert_eq!(ListSlug::parse(bad), Err(InvalidListSlug), "{bad:?}");
    }
    assert!(ListSlug::parse("news-2").is_ok_and(|slug| !slug.is_default()));
}

#[test]
fn links_of_a_former_key_still_unsubscribe_and_those_of_another_never_did() {
    let [old, new] = [1, 2].map(|byte| MacKey::from_bytes([byte; 32]));
    let link = UnsubscribeKeys::new(&old, &[]).token(&pending(1));
    let token = UnsubscribeToken::parse(link.expose_secret()).unwrap();
    assert!(UnsubscribeKeys::new(&new, std::slice::from_ref(&old)).verify(&token, &pending(1)));
    assert!(!UnsubscribeKeys::new(&new, &[]).verify(&token, &pending(1)));
    assert!(!UnsubscribeKeys::new(&old, &[]).verify(&token, &pending(2)));
    assert!(link.expose_secret().bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)));
}

proptest! {
    #[test]
    fn any_text_is_a_link_of_ours_or_is_not_and_nothing_panics(text in "(u1\\.[a-z]{0,8}\\.)?\\PC{0,80}") {
        let keys = UnsubscribeKeys::new(&MacKey::from_bytes([1; 32]), &[]);
        if let Ok(token) = UnsubscribeToken::parse(&text) {
            prop_assert!(!keys.verify(&token, &pending(1)));
        }
        let _none_of_ours = ConfirmSecret::parse(&text);
    }

    #[test]
    fn a_changed_letter_spoils_a_link(at in 0_usize..68, letter in "[A-Za-z0-9]") {
        let keys = UnsubscribeKeys::new(&MacKey::from_bytes([1; 32]), &[]);
        let subscription = pending(1);
        let link = keys.token(&subscription).expose_secret().to_owned();
        let mut forged: Vec<String> = link.chars().map(String::from).collect();
        let at = at.min(forged.len() - 2);
        forged[at] = letter;
        let forged = forged.concat();
        let is_ours = UnsubscribeToken::parse(&forged).is_ok_and(|token| keys.verify(&token, &subscription));
        prop_assert!(forged.eq_ignore_ascii_case(&link) || !is_ours, "{forged}");
    }
}

#[test]
fn a_suppression_ends_by_two() {
    let noon = noon();
    let free = SubscriberMailbox::unknown(TenantId::MAIN, AddressHash([1; 32]), noon);
    let event = || SubscriptionEvent::Lifted { subscription: pending(1).id(), list: pending(1).list() };
    assert!(free.clone().allow_lift(noon).is_none() && free.clone().lift(event(), noon).is_none());
    let suppressed = free.suppress(SuppressionReason::Erasure, event(), noon).state().clone();
    assert!(suppressed.clone().lift(event(), noon).is_none(), "nobody has allowed it");
    let allowed = suppressed.allow_lift(noon).unwrap().state().clone();
    assert!(allowed.suppressed.is_some() && allowed.clone().allow_lift(noon).is_none());

    let letter = |wish| (Uuid::from_u128(7), wish);
    assert_eq!(allowed.clone().take(letter(LetterWish::Other), noon), Err(NotNow::Suppressed));
    assert!(allowed.clone().take(letter(LetterWish::Own), noon).is_ok());
    let again = allowed.clone().suppress(SuppressionReason::Complaint, event(), noon).state().clone();
    assert_eq!(again.take(letter(LetterWish::Own), noon), Err(NotNow::Suppressed), "what was allowed is not any more");
    assert_eq!(allowed.lift(event(), noon).unwrap().state().suppressed, None);
}
