//! How many leads there are of what kind.

use ashlar_kernel::{Context, FieldFault};
use chrono::{NaiveDate, TimeDelta};

use super::{LeadError, Leads};
use crate::{StatsQuery, Tally, permission};

/// How many days are counted if nobody says.
const USUAL: i64 = 30;
/// How many days are counted at most.
const LONGEST: i64 = 366;

/// Days on which leads came, the first and the last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
}

/// The days are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("1 to 366 days, the last not before the first")]
pub struct InvalidPeriod;

impl FieldFault for InvalidPeriod {
    fn code(&self) -> &'static str {
        "invalid_value"
    }
}

impl Period {
    /// From one day to another; thirty days up to the other if there is none, and up to `today` if there is no other.
    pub fn parse(from: Option<NaiveDate>, to: Option<NaiveDate>, today: NaiveDate) -> Result<Self, InvalidPeriod> {
        let to = to.unwrap_or(today);
        let usual = to.checked_sub_signed(TimeDelta::days(USUAL - 1)).ok_or(InvalidPeriod)?;
        let from = from.unwrap_or(usual);
        let days = to.signed_duration_since(from).num_days() + 1;
        if (1..=LONGEST).contains(&days) { Ok(Self { from, to }) } else { Err(InvalidPeriod) }
    }
}

impl Leads {
    /// Everybody's leads that came within a period and were not put away, counted by kind.
    pub async fn stats(&self, context: &Context, period: Period) -> Result<Vec<Tally>, LeadError> {
        context.authorize(permission::READ_ALL)?;
        let Period { from, to } = period;
        Ok(self.0.ports.store.stats(StatsQuery { tenant: context.tenant, from, to }).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_a_day_to_a_year() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let period = |from: Option<&str>, to: Option<&str>| {
            let period = Period::parse(from.map(day), to.map(day), day("2030-03-01"));
            period.map(|period| format!("{} {}", period.from, period.to))
        };
        assert_eq!(period(None, None).as_deref(), Ok("2030-01-31 2030-03-01"));
        assert_eq!(period(Some("2030-03-01"), None).as_deref(), Ok("2030-03-01 2030-03-01"));
        assert_eq!(period(Some("2029-03-01"), None).as_deref(), Ok("2029-03-01 2030-03-01"));
        assert_eq!(period(Some("2029-02-28"), None), Err(InvalidPeriod));
        assert_eq!(period(Some("2030-03-02"), None), Err(InvalidPeriod));
        assert_eq!(Period::parse(None, Some(NaiveDate::MIN), NaiveDate::MIN), Err(InvalidPeriod));
    }
}
