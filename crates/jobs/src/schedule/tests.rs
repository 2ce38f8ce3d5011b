//! Calendars, on the days clocks change.

use ashlar_kernel::TenantId;
use proptest::prelude::*;

use super::*;

fn schedule(cron: &str, zone: &str, catch_up: CatchUp) -> Schedule {
    let job = |at: Timestamp| NewJob::new(TenantId::MAIN, "demo.tick", 1, &at).unwrap();
    Schedule::new("demo", cron, zone, catch_up, job).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn texts(moments: &[Timestamp]) -> Vec<String> {
    moments.iter().map(|moment| moment.format("%dT%H:%M").to_string()).collect()
}

#[test]
fn what_is_no_cron_or_no_zone_is_refused() {
    let job = |_: Timestamp| NewJob::new(TenantId::MAIN, "demo.tick", 1, &0).unwrap();
    assert!(matches!(Schedule::new("x", "often", "UTC", CatchUp::Once, job), Err(InvalidSchedule::Cron { .. })));
    assert!(matches!(Schedule::new("x", "0 2 * * *", "Mars", CatchUp::Once, job), Err(InvalidSchedule::Zone(_))));
}

#[test]
fn moments_are_after_the_last_and_up_to_now() {
    let hourly = schedule("0 * * * *", "UTC", CatchUp::All(100));
    let (since, now) = (at("2030-01-01T10:00:00Z"), at("2030-01-01T12:00:00Z"));
    assert_eq!(texts(&hourly.due(since, now)), ["01T11:00", "01T12:00"]);
    assert_eq!(texts(&hourly.due(since, now - TimeDelta::milliseconds(1))), ["01T11:00"]);
    assert_eq!(texts(&hourly.due(since, now + TimeDelta::milliseconds(999))), ["01T11:00", "01T12:00"]);
    assert!(hourly.due(now, now).is_empty());
    assert!(hourly.due(now, since).is_empty(), "a clock that went back");
    assert_eq!(hourly.next(since), Some(at("2030-01-01T11:00:00Z")));
}

#[test]
fn each_policy_catches_up_as_it_says() {
    let (since, now) = (at("2030-01-01T00:00:00Z"), at("2030-06-01T12:00:30Z"));
    let due = |catch_up, now| texts(&schedule("0 * * * *", "UTC", catch_up).due(since, now));
    assert_eq!(due(CatchUp::All(3), now), ["01T10:00", "01T11:00", "01T12:00"]);
    assert_eq!(due(CatchUp::Once, now), ["01T12:00"]);
    assert_eq!(due(CatchUp::Skip, now), ["01T12:00"]);
    assert_eq!(due(CatchUp::Skip, now + TimeDelta::minutes(1)), [""; 0]);
}

#[test]
fn an_hour_that_is_skipped_or_repeated_fires_once() {
    // In Berlin, 02:00 became 03:00 on 31 March 2030, and 03:00 became 02:00 on 27 October.
    let nightly = schedule("30 2 * * *", "Europe/Berlin", CatchUp::All(100));
    let spring = nightly.due(at("2030-03-30T00:00:00Z"), at("2030-04-01T12:00:00Z"));
    assert_eq!(texts(&spring), ["30T01:30", "31T01:00", "01T00:30"]);
    let autumn = nightly.due(at("2030-10-26T00:00:00Z"), at("2030-10-28T12:00:00Z"));
    assert_eq!(texts(&autumn), ["26T00:30", "27T00:30", "28T01:30"]);
}

#[test]
fn every_quarter_of_an_hour_goes_on_through_the_change() {
    let often = schedule("*/15 * * * *", "Europe/Berlin", CatchUp::All(1_000));
    for day in ["2030-03-31T00:00:00Z", "2030-10-27T00:00:00Z"] {
        let due = often.due(at(day), at(day) + TimeDelta::hours(4));
        assert_eq!(due.len(), 16, "{day}");
        assert!(due.windows(2).all(|pair| pair[1] - pair[0] == TimeDelta::minutes(15)));
    }
}

proptest! {
    #[test]
    fn looking_often_or_seldom_finds_the_same(
        start in 1_890_000_000_i64..1_930_000_000,
        gaps in prop::collection::vec(1_i64..90_000, 1..20),
        which in 0_usize..4,
    ) {
        let (cron, zone) = [
            ("*/15 * * * *", "Europe/Berlin"), ("30 2 * * *", "America/New_York"),
            ("0 8 * * MON", "Australia/Lord_Howe"), ("0 0 1 * *", "UTC"),
        ][which];
        let schedule = schedule(cron, zone, CatchUp::All(u16::MAX));
        let start = Timestamp::UNIX_EPOCH + TimeDelta::seconds(start);
        let (mut now, mut since, mut often) = (start, start, Vec::new());
        for gap in gaps {
            now += TimeDelta::seconds(gap);
            let due = schedule.due(since, now);
            since = due.last().copied().unwrap_or(since);
            often.extend(due);
        }
        prop_assert_eq!(&often, &schedule.due(start, now));
        prop_assert!(often.windows(2).all(|pair| pair[0] < pair[1]));
        for moment in often {
            let before = moment - TimeDelta::seconds(1);
            prop_assert_eq!(schedule.next(before), Some(moment), "forwards and backwards agree");
        }
    }
}
