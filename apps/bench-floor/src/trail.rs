//! What the library that verifies audit trails does by itself: no database, one thread.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use ashlar_audit::{
    Checkpoint, Head, Origin, Scratch, StoredEvent,
    verify::{Page, Verifier},
};
use ashlar_kernel::TenantId;
use chrono::DateTime;
use uuid::Uuid;

/// Rows in a page, as they are read from a database.
const PAGE: usize = 4_000;
/// The best of so many rounds counts.
const ROUNDS: usize = 5;

/// Verifies a trail of events like those that [`fill`](crate::events::fill) makes, and prints how many there were a second.
pub(crate) fn measure(events: u32) -> Result<()> {
    let (head, pages) = trail(events)?;
    let checkpoint = Checkpoint::of(&Origin::parse("bench.example")?, &head);
    let mut best = 0.0_f64;
    for _round in 0..ROUNDS {
        let begun = Instant::now();
        let (mut verifier, mut scratch) = (Verifier::new(TenantId::MAIN, [checkpoint.clone()]), Scratch::default());
        for page in &pages {
            verifier.push_page(page, &mut scratch);
        }
        let report = verifier.finish(Some(&head), &[]);
        best = best.max(f64::from(events) / begun.elapsed().as_secs_f64());
        ensure!(report.breach.is_none() && report.checkpoints == 1, "the verification went otherwise: {report:?}");
    }
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    {
        println!("{best}");
    }
    Ok(())
}

fn trail(events: u32) -> Result<(Head, Vec<Page>)> {
    let (mut head, mut pages) = (Head::new(TenantId::MAIN), Vec::new());
    for number in 1..=events {
        let id = |salt: u64, of: u32| Uuid::from_u64_pair(salt, u64::from(of));
        let (name, request) = (format!("bench.thing{}.changed", number % 20), format!("request-{number}"));
        let actor = id(0x0190_0000_0000_7000, number % 1_000).to_string();
        // With the blanks that PostgreSQL writes.
        let targets = format!(r#"[{{"id": "{}", "type": "thing"}}]"#, id(0x0190_0000_0000_7001, number % 10_000));
        let diff = format!(r#"[{{"new": "Title {}", "old": "Title {number}", "path": "/title"}}]"#, number + 1);
        let source = format!(r#"{{"ip": "10.0.{}.{}", "user_agent": "bench"}}"#, number % 4, number % 250);
        let event = StoredEvent {
            format: 1,
            id: id(0x0190_0000_0000_7002, number),
            tenant: TenantId::MAIN,
            name: &name,
            schema_version: 1,
            occurred_at: DateTime::from_timestamp(1_767_225_600 + i64::from(number), 0).context("no moment")?,
            actor_type: "user",
            actor_id: Some(&actor),
            actor_session: None,
            targets: &targets,
            outcome: "ok",
            diff: &diff,
            data: "{}",
            source: &source,
            request_id: &request,
            trace: None,
        };
        let extension = head.extend([&event.read().context("no event")?])?;
        head = extension.head;
        if pages.last().is_none_or(|page: &Page| page.len() == PAGE) {
            pages.push(Page::default());
        }
        let link = *extension.links.first().context("no link")?;
        pages.last_mut().context("no page")?.push(link, &event, None);
    }
    Ok((head, pages))
}
