//! Laws of lists and searches.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Patch, TenantId};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    Fixture,
    scene::{Scene, elsewhere, everything, little, noon},
};
use crate::{
    Category, Details, Lead, LeadFilter, LeadPatch, LeadPosition, LeadQuery, LeadRows, LeadSearch, LeadSort,
    LeadStatus, Source,
    lead::{FullName, Phone, ShortLine, Tags},
};

fn all() -> LeadQuery {
    LeadQuery {
        tenant: TenantId::MAIN,
        seen_by: None,
        filter: LeadFilter::default(),
        sort: LeadSort::NewestFirst,
        after: None,
        rows: 100,
        count_up_to: None,
    }
}

fn only(filter: LeadFilter) -> LeadQuery {
    LeadQuery { filter, ..all() }
}

async fn list(scene: &Scene, query: &LeadQuery) -> LeadRows {
    scene.fixture.store.leads(query).await.unwrap()
}

/// The leads that a filter lets through.
pub(super) async fn found(scene: &Scene, filter: LeadFilter) -> Vec<Lead> {
    list(scene, &only(filter)).await.leads
}

async fn names(scene: &Scene, query: &LeadQuery) -> Vec<String> {
    let mut names: Vec<_> =
        list(scene, query).await.leads.iter().map(|lead| lead.details().full_name.as_str().to_owned()).collect();
    names.sort();
    names
}

fn called(name: &str, email: &str) -> Details {
    Details { full_name: FullName::parse(name).unwrap(), ..little(email) }
}

/// Each filter lets through what it says, and all of them together what all of them say.
pub async fn leads_are_filtered(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let much = scene.take_in(everything("much@example.org")).await;
    let little = scene.take_in(little("little@example.org")).await;
    let phone = Phone::parse("+4930123456", None).ok();
    let by_phone = scene.take_in(Details { email: None, phone, ..called("Eve Phone", "x@example.org") }).await;
    let moved = scene.try_move(little, LeadStatus::Contacted).await.unwrap();
    let later = noon() + TimeDelta::hours(1);
    let patch = LeadPatch { tags: Tags::parse(["a-b"]).ok(), ..LeadPatch::default() };
    let by_phone = scene.save(by_phone.edit(patch, later).unwrap().unwrap()).await;
    let away = scene.take_in(called("Put Away", "away@example.org")).await;
    scene.save(away.delete(noon())).await;

    let filter = LeadFilter::default;
    let (much, moved, by_phone) = (&much, &moved, &by_phone);
    let cases: Vec<(LeadFilter, Vec<&Lead>)> = vec![
        (filter(), vec![much, moved, by_phone]),
        (LeadFilter { status: vec![LeadStatus::Contacted], ..filter() }, vec![moved]),
        (LeadFilter { status: vec![LeadStatus::Contacted, LeadStatus::New], ..filter() }, vec![much, moved, by_phone]),
        (LeadFilter { source: vec![Source::Referral, Source::Api], ..filter() }, vec![much]),
        (LeadFilter { category: vec![Category::WebDev], ..filter() }, vec![much]),
        (LeadFilter { owner: vec![Some(Uuid::from_u128(7))], ..filter() }, vec![much]),
        (LeadFilter { owner: vec![None], ..filter() }, vec![moved, by_phone]),
        (LeadFilter { owner: vec![None, Some(Uuid::from_u128(7))], ..filter() }, vec![much, moved, by_phone]),
        (LeadFilter { tag: vec!["vip".to_owned(), "nothing".to_owned()], ..filter() }, vec![much]),
        // An underscore is a letter, and a part of a tag is none.
        (LeadFilter { tag: vec!["a_b".to_owned()], ..filter() }, vec![much]),
        (LeadFilter { tag: vec!["vi".to_owned(), "a".to_owned()], ..filter() }, vec![]),
        (LeadFilter { created_from: Some(noon()), ..filter() }, vec![much, moved, by_phone]),
        (LeadFilter { created_to: Some(noon()), ..filter() }, vec![]),
        (LeadFilter { updated_from: Some(later), ..filter() }, vec![by_phone]),
        (LeadFilter { updated_to: Some(later), ..filter() }, vec![much, moved]),
        (LeadFilter { has_email: Some(false), ..filter() }, vec![by_phone]),
        (LeadFilter { has_phone: Some(true), ..filter() }, vec![much, by_phone]),
        (LeadFilter { company: Some("b\u{fc}cher &".to_owned()), ..filter() }, vec![much]),
        (LeadFilter { has_phone: Some(true), owner: vec![None], ..filter() }, vec![by_phone]),
    ];
    for (filter, expected) in cases {
        let mut expected: Vec<_> = expected.iter().map(|lead| lead.details().full_name.as_str().to_owned()).collect();
        expected.sort();
        assert_eq!(names(&scene, &only(filter.clone())).await, expected, "{filter:?}");
    }
    let seen = |who| LeadQuery { seen_by: Some(Uuid::from_u128(who)), ..all() };
    assert_eq!(names(&scene, &seen(7)).await.len(), 3);
    assert_eq!(names(&scene, &seen(8)).await.len(), 2);
    assert!(list(&scene, &LeadQuery { tenant: elsewhere(), ..all() }).await.leads.is_empty());
}

/// What somebody types in, and whom it finds: the same list for every store.
pub async fn leads_are_searched(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let company = |name: &str| ShortLine::parse(name).ok();
    let phone = |text: &str| Phone::parse(text, None).ok();
    for details in [
        Details { company_name: company("50% Off_Season \"Ltd\""), ..called("Grace Hopper", "grace@navy.example") },
        Details { phone: phone("+49 30 123456"), ..called("J\u{f6}rg Stra\u{df}er", "joerg@b\u{fc}cher.example") },
        called("\u{674e}\u{660e} Li", "li.ming@example.org"),
        called("Ada \u{1f469}\u{200d}\u{1f4bb}", "arma12@exa.example"),
    ] {
        scene.take_in(details).await;
    }
    let (grace, joerg, li, ada) =
        ("Grace Hopper", "J\u{f6}rg Stra\u{df}er", "\u{674e}\u{660e} Li", "Ada \u{1f469}\u{200d}\u{1f4bb}");
    let cases: [(&str, &[&str]); 32] = [
        ("grace", &[grace]),
        ("GRACE hopp", &[grace]),
        ("hopper grace", &[grace]),
        ("grace nobody", &[]),
        ("race", &[grace]),
        ("navy.ex", &[grace]),
        ("50%", &[grace]),
        ("50_", &[]),
        ("off_sea", &[grace]),
        ("off%sea", &[]),
        ("\"ltd\"", &[grace]),
        ("\" OR 1=1", &[]),
        ("grace OR ada", &[]),
        ("grac*", &[]),
        ("lead_search:grace", &[]),
        ("'; VACUUM; --", &[]),
        ("J\u{d6}RG", &[joerg]),
        ("strasser", &[joerg]),
        ("+4930", &[joerg]),
        ("123456", &[joerg]),
        ("\u{674e}\u{660e}", &[li]),
        ("arma12@exa", &[ada]),
        ("\u{1f469}\u{200d}\u{1f4bb}", &[ada]),
        ("li", &[li]),
        // Short words are beginnings.
        ("gr", &[grace]),
        ("ho", &[grace]),
        ("ce", &[]),
        ("50", &[grace]),
        ("\"l", &[grace]),
        ("gr ho", &[grace]),
        ("hopper g", &[grace]),
        ("hopper r", &[]),
    ];
    for (text, expected) in cases {
        let search = LeadSearch::parse(text).ok();
        assert_eq!(names(&scene, &only(LeadFilter { search, ..LeadFilter::default() })).await, expected, "{text:?}");
    }
}

/// What a search finds is what a lead is called now.
pub async fn a_search_follows_edits(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let lead = scene.take_in(called("Before Marriage", "ada@example.org")).await;
    let patch = LeadPatch { full_name: FullName::parse("After Marriage").ok(), ..LeadPatch::default() };
    let lead = scene.save(lead.edit(patch, noon()).unwrap().unwrap()).await;
    let find = async |text: &str| {
        let search = LeadSearch::parse(text).ok();
        names(&scene, &only(LeadFilter { search, ..LeadFilter::default() })).await.len()
    };
    assert_eq!((find("before").await, find("after").await), (0, 1));
    let patch = LeadPatch { notes: Patch::Clear, source: Some(Source::Phone), ..LeadPatch::default() };
    let lead = scene.save(lead.edit(patch, noon()).unwrap().unwrap()).await;
    assert_eq!(find("after").await, 1);
    let mut tx = scene.begin().await;
    tx.purge_lead(lead.purge()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(find("after").await, 0);
}

/// Page by page, in every order, everything is shown once, also where a page ends among equals.
pub async fn pages_of_leads_neither_skip_nor_repeat(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for number in 0..17_u8 {
        let name = format!("Name {}", ["b", "B", "a", "\u{e4}"][usize::from(number % 4)]);
        let details = called(&name, &format!("n{number}@example.org"));
        let details = if number % 3 == 0 { Details { category: Some(Category::Seo), ..details } } else { details };
        let mut lead = scene.take_in(details).await;
        if number % 2 == 0 {
            let at = noon() + TimeDelta::milliseconds(i64::from(number / 5));
            let patch = LeadPatch { source: Some(Source::Phone), ..LeadPatch::default() };
            lead = scene.save(lead.edit(patch, at).unwrap().unwrap()).await;
        }
        assert!(lead.version() <= 2);
    }
    for sort in [
        LeadSort::NewestFirst,
        LeadSort::OldestFirst,
        LeadSort::LatestEdit,
        LeadSort::Name,
        LeadSort::Score,
        LeadSort::Relevance,
    ] {
        let query = LeadQuery { sort, ..all() };
        let all = list(&scene, &query).await.leads;
        assert_eq!(all.len(), 17, "{sort:?}");
        for size in [1, 4, 16, 17] {
            assert_eq!(
                paged(&scene, LeadQuery { rows: size, ..query.clone() }).await,
                all,
                "{sort:?}, pages of {size}"
            );
        }
    }
}

/// All pages of a list, one after the other.
async fn paged(scene: &Scene, mut page: LeadQuery) -> Vec<Lead> {
    let mut paged = Vec::new();
    // Bounded: a store that repeats itself must fail here and not page for ever.
    while paged.len() <= 100 {
        let leads = list(scene, &page).await.leads;
        let Some(last) = leads.last() else { break };
        page.after = Some(LeadPosition::of(last, (page.sort, &page.filter)));
        paged.extend(leads);
    }
    paged
}

/// Nobody counts further than they are asked to, on whatever page.
pub async fn leads_are_counted_as_far_as_asked(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for number in 0..7_u8 {
        scene.take_in(little(&format!("n{number}@example.org"))).await;
    }
    let count = async |most, rows| list(&scene, &LeadQuery { rows, count_up_to: Some(most), ..all() }).await.counted;
    assert_eq!((count(10, 2).await, count(5, 2).await, count(7, 100).await), (Some(7), Some(5), Some(7)));
    let search = LeadSearch::parse("nobody").ok();
    let nobody = LeadQuery { count_up_to: Some(5), ..only(LeadFilter { search, ..LeadFilter::default() }) };
    assert_eq!(list(&scene, &nobody).await.counted, Some(0));
    let end = Some(LeadPosition::At(noon() - TimeDelta::days(1), Uuid::nil()));
    let behind = LeadQuery { after: end, count_up_to: Some(10), ..all() };
    assert_eq!(list(&scene, &behind).await.counted, Some(7));
    assert_eq!(list(&scene, &all()).await.counted, None);
}

/// Page by page, each alternative is listed, in one order.
pub async fn alternatives_are_listed_together(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for number in 0..16_u8 {
        let tags = [&["a"][..], &["a", "b"], &["b"], &[]][usize::from(number % 4)];
        let details = Details {
            tags: Tags::parse(tags.iter().copied()).unwrap(),
            owner: (number % 3 != 0).then(|| Uuid::from_u128(u128::from(number % 3))),
            source: [Source::Api, Source::Email, Source::Phone][usize::from(number % 3)],
            category: [Some(Category::Seo), Some(Category::Design), None][usize::from(number % 3)],
            ..little(&format!("n{number}@example.org"))
        };
        scene.take_in(details).await;
    }
    let changed = scene.whose("n0@example.org").await.unwrap();
    let patch = LeadPatch { tags: Tags::parse(["c"]).ok(), ..LeadPatch::default() };
    scene.save(changed.edit(patch, noon()).unwrap().unwrap()).await;
    scene.save(scene.whose("n1@example.org").await.unwrap().delete(noon())).await;
    let filter = LeadFilter::default;
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let (me, you) = (Some(Uuid::from_u128(1)), Some(Uuid::from_u128(2)));
    let cases = [
        (None, LeadFilter { tag: tags(&["a"]), ..filter() }, 6),
        (None, LeadFilter { tag: tags(&["b", "a", "d"]), ..filter() }, 10),
        (None, LeadFilter { tag: tags(&["c"]), ..filter() }, 1),
        (None, LeadFilter { tag: tags(&["a"]), owner: vec![None, me], ..filter() }, 4),
        (None, LeadFilter { owner: vec![me, you], ..filter() }, 9),
        (None, LeadFilter { source: vec![Source::Api, Source::Email, Source::Event], ..filter() }, 10),
        (None, LeadFilter { category: vec![Category::Seo, Category::Design], ..filter() }, 10),
        (None, LeadFilter { status: vec![LeadStatus::New, LeadStatus::Won], ..filter() }, 15),
        (me, filter(), 10),
        (me, LeadFilter { owner: vec![you, None], ..filter() }, 6),
    ];
    for (seen_by, filter, expected) in cases {
        for sort in [LeadSort::NewestFirst, LeadSort::OldestFirst, LeadSort::Name] {
            let query = LeadQuery { seen_by, sort, ..only(filter.clone()) };
            let all = list(&scene, &query).await.leads;
            assert_eq!(all.len(), expected, "{query:?}");
            let mut in_order = all.clone();
            in_order.sort_by_key(Lead::id);
            if sort == LeadSort::NewestFirst {
                in_order.reverse();
            }
            assert_eq!(all, in_order, "{query:?}");
            assert_eq!(paged(&scene, LeadQuery { rows: 3, ..query.clone() }).await, all, "{query:?}");
        }
    }
}

/// Whoever is called what is looked for comes first, and pages go on where the one before ended.
pub async fn what_is_looked_for_comes_first(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let names = ["Lee Adams", "Anna Lee Smith", "Leeroy Brown", "Lee", "Bob Ashley", "Lee_", "Ann Other"];
    for (number, name) in names.iter().enumerate() {
        scene.take_in(called(name, &format!("n{number}@fleece.example"))).await;
    }
    let search = LeadSearch::parse("LEE").ok();
    let query = LeadQuery { sort: LeadSort::Relevance, ..only(LeadFilter { search, ..LeadFilter::default() }) };
    let all = list(&scene, &query).await.leads;
    let found: Vec<_> = all.iter().map(|lead| lead.details().full_name.as_str()).collect();
    let expected = ["Lee", "Lee_", "Leeroy Brown", "Lee Adams", "Anna Lee Smith", "Ann Other", "Bob Ashley"];
    assert_eq!(found, expected, "the name, its beginning, a part of it, and found otherwise; the newest first");
    for size in [1, 2, 3] {
        assert_eq!(paged(&scene, LeadQuery { rows: size, ..query.clone() }).await, all, "pages of {size}");
    }
}
