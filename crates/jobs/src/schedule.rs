//! What is to be done when, by the calendar of some place.

use std::{str::FromStr, sync::Arc};

use ashlar_kernel::{Clock, StoreError, Timestamp};
use chrono::{SubsecRound, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;

use crate::{
    NewJob,
    port::{Firing, ScheduleStore},
};

/// What to do about moments that passed while nobody was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    /// Nothing: only a moment that has just come counts, at most [`Schedule::PUNCTUALITY`] ago.
    Skip,
    /// Fire once, for the last of them.
    Once,
    /// Fire for each, for the last so many of them.
    All(u16),
}

/// Why this can be no schedule.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSchedule {
    /// Not five fields of cron, or six with seconds.
    #[error("{text} is no cron expression: {source}")]
    Cron {
        /// What was given.
        text: String,
        /// What is wrong with it.
        source: croner::errors::CronError,
    },
    /// Not a name of the IANA database.
    #[error("{0} is no time zone")]
    Zone(String),
}

type JobAt = Arc<dyn Fn(Timestamp) -> NewJob + Send + Sync>;

/// Something that is to be done again and again.
#[derive(Clone)]
pub struct Schedule {
    name: String,
    cron: Cron,
    zone: Tz,
    catch_up: CatchUp,
    job: JobAt,
}

impl Schedule {
    /// How late a moment still counts as now for [`CatchUp::Skip`].
    pub const PUNCTUALITY: TimeDelta = TimeDelta::seconds(60);

    /// A schedule named `name` for ever. `cron` has five fields, or six with seconds first, and is read on the clocks
    /// of `zone`, an IANA name such as `Europe/Berlin`. Where those clocks skip an hour, what falls into it happens
    /// right after; where they repeat one, what has a fixed hour happens the first time. `job` makes what is to be done
    /// from the moment it is due.
    pub fn new(
        name: &str,
        cron: &str,
        zone: &str,
        catch_up: CatchUp,
        job: impl Fn(Timestamp) -> NewJob + Send + Sync + 'static,
    ) -> Result<Self, InvalidSchedule> {
        let parsed = Cron::from_str(cron);
        Ok(Self {
            name: name.to_owned(),
            cron: parsed.map_err(|source| InvalidSchedule::Cron { text: cron.to_owned(), source })?,
            zone: zone.parse().map_err(|_unknown| InvalidSchedule::Zone(zone.to_owned()))?,
            catch_up,
            job: Arc::new(job),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its calendar: the cron expression as it is read, and the zone whose clocks it is read on.
    pub fn calendar(&self) -> (String, &'static str) {
        (self.cron.as_str().to_owned(), self.zone.name())
    }

    /// What is to be done at a moment of the calendar.
    pub fn job_at(&self, due_at: Timestamp) -> NewJob {
        (self.job)(due_at)
    }

    /// The moments after `since` and up to `now` to fire for, oldest first.
    pub fn due(&self, since: Timestamp, now: Timestamp) -> Vec<Timestamp> {
        let (earliest, most) = match self.catch_up {
            CatchUp::Skip => (since.max(now - Self::PUNCTUALITY), 1),
            CatchUp::Once => (since, 1),
            CatchUp::All(most) => (since, usize::from(most)),
        };
        // Backwards, so that a year of silence costs no more than a minute of it.
        let mut due: Vec<_> = self.moments_until(now).take_while(|moment| *moment > earliest).take(most).collect();
        due.reverse();
        due
    }

    /// The first moment after `now`, if there is one.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let next = self.cron.find_next_occurrence(&now.with_timezone(&self.zone), false).ok()?;
        Some(next.with_timezone(&Utc).trunc_subsecs(0))
    }

    /// Its moments up to and with `now`, backwards.
    fn moments_until(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let previous = |from: Timestamp, inclusive| {
            let found = self.cron.find_previous_occurrence(&from.with_timezone(&self.zone), inclusive).ok()?;
            // An answer that is no progress would keep the search going for ever.
            let found = found.with_timezone(&Utc).trunc_subsecs(0);
            (found < from || (inclusive && found <= from)).then_some(found)
        };
        std::iter::successors(previous(now, true), move |from| previous(*from, false))
    }
}

/// Fires schedules. Any number may work on one store: each moment is fired for once.
#[derive(Clone)]
pub struct Scheduler {
    store: Arc<dyn ScheduleStore>,
    clock: Arc<dyn Clock>,
    schedules: Arc<Vec<Schedule>>,
}

/// How long firings are remembered, beside the last one of each schedule.
const FIRINGS_KEPT: TimeDelta = TimeDelta::days(90);

impl Scheduler {
    /// A scheduler of `schedules`.
    pub fn new(store: Arc<dyn ScheduleStore>, clock: Arc<dyn Clock>, schedules: Vec<Schedule>) -> Self {
        Self { store, clock, schedules: Arc::new(schedules) }
    }

    /// Fires what is due, and counts what was fired by this one.
    pub async fn step(&self) -> Result<u32, StoreError> {
        let now = self.clock.now();
        let mut fired = 0;
        for schedule in self.schedules.iter() {
            let since = self.store.since(schedule.name(), now).await?;
            for due_at in schedule.due(since, now) {
                let job = schedule.job_at(due_at);
                let firing = Firing { schedule: schedule.name.clone(), due_at, job, now };
                fired += u32::from(self.store.fire(firing).await?);
            }
        }
        Ok(fired)
    }

    /// The next moment anything is due: until then there is nothing to do.
    pub fn next(&self) -> Option<Timestamp> {
        let now = self.clock.now();
        self.schedules.iter().filter_map(|schedule| schedule.next(now)).min()
    }

    /// Forgets firings of long ago, and counts them.
    pub async fn tend(&self) -> Result<u64, StoreError> {
        self.store.forget_firings(self.clock.now() - FIRINGS_KEPT).await
    }
}

#[cfg(test)]
mod tests;
