//! Laws of pairs of leads that may be one person.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::TenantId;

use super::{
    Fixture,
    scene::{Scene, elsewhere, little, noon},
};
use crate::{
    Details, DuplicatePair, DuplicatePosition, DuplicateQuery, DuplicateRows, Lead, LeadStatus,
    lead::{FullName, Likeness, Phone, ShortLine},
};

fn all() -> DuplicateQuery {
    DuplicateQuery { tenant: TenantId::MAIN, after: None, pairs: 1_000, leads: 1_000 }
}

async fn pairs(scene: &Scene, query: &DuplicateQuery) -> DuplicateRows {
    scene.fixture.store.duplicates(query).await.unwrap()
}

fn with_phone(number: usize, email: &str) -> Details {
    Details { phone: Phone::parse(&format!("+49 30 12345{number}"), None).ok(), ..little(email) }
}

fn called(name: &str, company: &str, email: &str) -> Details {
    let company_name = ShortLine::parse(company).ok();
    Details { full_name: FullName::parse(name).unwrap(), company_name, ..little(email) }
}

/// Each pair once, with everything they have in common, the newest first; and nothing else.
pub async fn leads_that_are_alike_are_paired(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let plain = scene.take_in(called("Ada One", "Engines", "ada@example.org")).await;
    let tagged = scene.take_in(called("ADA one", "engines", "ada+news@example.org")).await;
    let twice = scene.take_in(with_phone(6, "ada+more@example.org")).await;
    let dotted = scene.take_in(with_phone(6, "g.r.ace@gmail.com")).await;
    let other = scene.take_in(called("Bob Two", "Engines", "grace@googlemail.com")).await;
    scene.take_in(called("Bob Two", "Looms", "bob@example.org")).await;
    scene.take_in(little("c.d@example.org")).await;
    scene.take_in(little("cd@example.org")).await;
    let spam = scene.take_in(with_phone(6, "spam@example.org")).await;
    scene.try_move(spam, LeadStatus::Spam).await.unwrap();
    let away = scene.take_in(with_phone(6, "away@example.org")).await;
    scene.save(away.delete(noon())).await;

    let expected: Vec<(&Lead, &Lead, &[Likeness])> = vec![
        (&other, &dotted, &[Likeness::Email]),
        (&dotted, &twice, &[Likeness::Phone]),
        (&twice, &tagged, &[Likeness::Email]),
        (&twice, &plain, &[Likeness::Email]),
        (&tagged, &plain, &[Likeness::Email, Likeness::NameAndCompany]),
    ];
    let found = pairs(&scene, &all()).await;
    let shown = |pair: &DuplicatePair| (pair.newer.clone(), pair.older.clone(), pair.likenesses());
    let expected: Vec<_> =
        expected.into_iter().map(|(newer, older, common)| (newer.clone(), older.clone(), common.to_vec())).collect();
    assert_eq!(found.pairs.iter().map(shown).collect::<Vec<_>>(), expected);
    assert_eq!(found.looked_up_to, None);
    assert!(pairs(&scene, &DuplicateQuery { tenant: elsewhere(), ..all() }).await.pairs.is_empty());
}

/// Page by page every pair is shown once, however few leads a page looks at.
pub async fn pages_of_pairs_neither_skip_nor_repeat(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for number in 0..13 {
        scene.take_in(with_phone(number % 3, &format!("n{number}@example.org"))).await;
        scene.take_in(little(&format!("alone{number}@example.org"))).await;
    }
    let whole = pairs(&scene, &all()).await.pairs;
    assert_eq!(whole.len(), 10 + 6 + 6, "of five, four and four leads");
    for (most, leads) in [(1, 1_000), (4, 1_000), (1_000, 1), (3, 5), (1_000, 26), (2, 2)] {
        let (mut paged, mut query) = (Vec::new(), DuplicateQuery { pairs: most, leads, ..all() });
        // Bounded: a store that repeats itself must fail here and not page for ever.
        for _ in 0..100 {
            let found = pairs(&scene, &query).await;
            let is_full = u64::try_from(found.pairs.len()).unwrap() == most;
            let last = found.pairs.last().map(DuplicatePair::position);
            paged.extend(found.pairs);
            query.after = if is_full { last } else { found.looked_up_to };
            if query.after.is_none() {
                break;
            }
        }
        assert_eq!(paged, whole, "pages of {most} that look at {leads}");
    }
}

/// Where very many have one number, each is paired with those that came last before it.
pub async fn of_many_equals_the_nearest_are_paired(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let mut leads = Vec::new();
    for number in 0..25 {
        leads.push(scene.take_in(with_phone(6, &format!("n{number}@example.org"))).await);
    }
    let found = pairs(&scene, &all()).await.pairs;
    let newest = leads.last().unwrap();
    let theirs: Vec<_> =
        found.iter().filter(|pair| pair.newer.id() == newest.id()).map(|pair| pair.older.id()).collect();
    let nearest: Vec<_> = leads.iter().rev().skip(1).take(20).map(Lead::id).collect();
    assert_eq!(theirs, nearest);
    assert_eq!(found.len(), (0..25).map(|before| before.min(20)).sum::<usize>());
    let first = DuplicatePosition::first();
    assert!(found.iter().all(|pair| pair.position() < first));
}
