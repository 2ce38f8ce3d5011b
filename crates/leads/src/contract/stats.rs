//! Laws of numbers, and of many leads at once.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::collections::BTreeMap;

use ashlar_kernel::{Patch, TenantId};
use chrono::TimeDelta;

use super::{
    Fixture,
    scene::{Scene, elsewhere, everything, little, noon},
};
use crate::{
    Category, Lead, LeadFilter, LeadPatch, LeadQuery, LeadSort, LeadStatus, Source, StatsQuery, Tally, TallyKind,
    port::Newcomer,
};

/// How many changes are made at random.
const CHANGES: u64 = 150;

/// Numbers that look like chance, the same on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % bound).unwrap()
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(u64::try_from(all.len()).unwrap())]
    }
}

fn week() -> StatsQuery {
    let day = noon().date_naive();
    StatsQuery { tenant: TenantId::MAIN, from: day, to: day + TimeDelta::days(7) }
}

async fn all(scene: &Scene) -> Vec<Lead> {
    let (filter, sort) = (LeadFilter::default(), LeadSort::NewestFirst);
    let query =
        LeadQuery { tenant: TenantId::MAIN, seen_by: None, filter, sort, after: None, rows: 1_000, count_up_to: None };
    scene.fixture.store.leads(&query).await.unwrap().leads
}

/// The numbers, counted one by one.
fn recount(leads: &[Lead]) -> Vec<Tally> {
    let mut counted = BTreeMap::new();
    for lead in leads {
        let details = lead.details();
        let category = details.category.map(Category::as_str).unwrap_or_default();
        let day = lead.created_at().date_naive().to_string();
        let (status, source) = (lead.status().as_str().to_owned(), details.source.as_str().to_owned());
        for (kind, value) in [
            (TallyKind::Status, status),
            (TallyKind::Source, source),
            (TallyKind::Category, category.to_owned()),
            (TallyKind::Day, day),
        ] {
            *counted.entry((kind, value)).or_insert(0) += 1;
        }
    }
    counted.into_iter().map(|((kind, value), leads)| Tally { kind, value, leads }).collect()
}

async fn stats(scene: &Scene, query: StatsQuery) -> Vec<Tally> {
    let mut stats = scene.fixture.store.stats(query).await.unwrap();
    stats.sort();
    stats
}

/// Whether the numbers of the week are those of its leads.
pub(super) async fn are_those_of_a_recount(scene: &Scene) {
    assert_eq!(stats(scene, week()).await, recount(&all(scene).await));
}

fn newcomer(scene: &Scene, dice: &mut Dice, email: &str) -> Newcomer {
    let category = if dice.below(3) == 0 { None } else { Some(dice.of(Category::ALL)) };
    let details = crate::Details { source: dice.of(Source::ALL), category, ..little(email) };
    let at = noon() + TimeDelta::hours(i64::try_from(dice.below(150)).unwrap());
    let change = Lead::create(scene.id(), TenantId::MAIN, details, at);
    let came = scene.moved(change.state(), None, LeadStatus::New);
    (change, came)
}

/// One change at random. What loses to a rule, or is dropped, is no change.
async fn change(scene: &Scene, dice: &mut Dice, number: u64) {
    let leads = all(scene).await;
    let doing = dice.below(8);
    if leads.is_empty() || doing < 3 {
        let newcomers = (0..=doing).map(|more| newcomer(scene, dice, &format!("n{number}-{more}@example.org")));
        let newcomers: Vec<_> = newcomers.collect();
        let mut tx = scene.begin().await;
        tx.insert_leads(newcomers).await.unwrap();
        tx.commit().await.unwrap();
        return;
    }
    let lead = leads[dice.below(u64::try_from(leads.len()).unwrap())].clone();
    match doing {
        3 => {
            let category = if dice.below(2) == 0 { Patch::Clear } else { Patch::Set(dice.of(Category::ALL)) };
            let patch = LeadPatch { source: Some(dice.of(Source::ALL)), category, ..LeadPatch::default() };
            if let Some(change) = lead.edit(patch, noon()).unwrap() {
                scene.save(change).await;
            }
        }
        4 => drop(scene.save(lead.delete(noon())).await),
        5 => {
            let away = if dice.below(2) == 0 { scene.save(lead.delete(noon())).await } else { lead };
            let mut tx = scene.begin().await;
            tx.purge_lead(away.purge()).await.unwrap();
            tx.commit().await.unwrap();
        }
        6 => {
            let mut tx = scene.begin().await;
            tx.update_lead(lead.delete(noon())).await.unwrap();
            drop(tx);
        }
        _ => {
            if let Some(to) = lead.status().next().first() {
                scene.try_move(lead, *to).await.unwrap();
            }
        }
    }
}

/// Whatever is done to leads, the numbers are those that counting them one by one gives.
pub async fn numbers_are_those_of_a_recount(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let mut dice = Dice(20_300_101);
    for number in 0..CHANGES {
        change(&scene, &mut dice, number).await;
        if number % 10 == 9 {
            assert_eq!(stats(&scene, week()).await, recount(&all(&scene).await), "after {number} changes");
        }
    }
    let some: Vec<_> = all(&scene).await;
    assert!(some.len() > 50, "{}", some.len());
    let second = noon().date_naive() + TimeDelta::days(1);
    let of_a_day: Vec<_> = some.into_iter().filter(|lead| lead.created_at().date_naive() == second).collect();
    assert_eq!(stats(&scene, StatsQuery { from: second, to: second, ..week() }).await, recount(&of_a_day));
    assert_eq!(stats(&scene, StatsQuery { tenant: elsewhere(), ..week() }).await, []);
}

/// Those whose address is taken stay outside, and leave nothing behind; the others come in as if each came alone.
pub async fn many_leads_come_at_once(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let held = scene.take_in(little("held@example.org")).await;
    let newcomers: Vec<_> = (0..500)
        .map(|number| {
            let email = if number == 250 { "HELD@example.org".to_owned() } else { format!("n{number}@example.org") };
            let details = if number % 2 == 0 { everything(&email) } else { little(&email) };
            scene.newcomer(details)
        })
        .collect();
    let leads: Vec<_> = newcomers.iter().map(|(change, _)| change.state().clone()).collect();
    let mut tx = scene.begin().await;
    let entered = tx.insert_leads(newcomers).await.unwrap();
    tx.commit().await.unwrap();

    for (number, lead) in leads.iter().enumerate() {
        assert_eq!(entered.contains(&lead.id()), number != 250);
        let stored = scene.stored(lead).await;
        assert_eq!(stored.as_ref(), (number != 250).then_some(lead));
        let history = scene.fixture.store.status_changes(super::notes::all_of(lead)).await.unwrap();
        assert_eq!(history.len(), usize::from(number != 250));
    }
    assert_eq!(scene.event_names().await.len(), 500);
    let keys = ["held@example.org", "n1@example.org", "nobody@example.org"].map(str::to_owned);
    let mut tx = scene.begin().await;
    let mut found = tx.leads_at(TenantId::MAIN, &keys).await.unwrap();
    found.sort_by_key(Lead::id);
    assert_eq!(found, [held, leads[1].clone()]);
    assert!(tx.leads_at(elsewhere(), &keys).await.unwrap().is_empty());
}
