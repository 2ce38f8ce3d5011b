//! What is the matter with the places where things are kept. It costs more to find out than figures do, so it is looked at
//! less often than the rest, and by one process at a time.

use ashlar_kernel::{Context, StoreError, TenantId};
use chrono::TimeDelta;

use super::{Matter, Notifications, Round, Severity};

/// How the places do where things are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// Whether files cannot be kept, read and deleted.
    pub files_fail: bool,
    /// What is kept where too little is free, such as `database`.
    pub low: Vec<&'static str>,
    /// How much has to be free, in percent.
    pub least_free: u8,
}

impl Places {
    const UNWRITABLE: &'static str = "storage.unwritable";
    const LOW: &'static str = "disk.low";

    /// Whether a matter is one of these.
    pub(super) fn is_theirs(key: &str) -> bool {
        [Self::UNWRITABLE, Self::LOW].contains(&key)
    }

    /// What is the matter, then.
    pub fn matters(&self) -> Vec<Matter> {
        let critical = |key: &str, title: String| Matter {
            tenant: TenantId::MAIN,
            key: key.to_owned(),
            severity: Severity::Critical,
            source: "storage",
            title,
        };
        let mut matters = Vec::new();
        if self.files_fail {
            let title = "Files cannot be kept or read: the place for them does not answer, is full or read-only";
            matters.push(critical(Self::UNWRITABLE, title.to_owned()));
        }
        if !self.low.is_empty() {
            let title = format!("Less than {}% is free where this is kept: {}", self.least_free, self.low.join(", "));
            matters.push(critical(Self::LOW, title));
        }
        matters
    }
}

/// What was seen within this time is not over yet: processes on several machines may see different things, and one that sees
/// nothing must not take back what another sees. With a look every five minutes it takes two that find nothing.
const QUIET: TimeDelta = TimeDelta::minutes(8);

impl Notifications {
    /// Raises what is the matter with the places, and resolves what is no more; how many of each are new. Any number of
    /// processes may look, one after the other.
    pub async fn survey(&self, places: &Places, context: &Context) -> Result<(u64, u64), StoreError> {
        let round = Round { is_ours: Places::is_theirs, quiet: QUIET, now: context.now };
        self.settle(places.matters(), round, |tenant| Context { tenant, ..context.clone() }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_do_well_are_no_matter_and_each_trouble_is_one() {
        assert_eq!(Places { least_free: 5, ..Places::default() }.matters(), []);
        let both = Places { files_fail: true, low: vec!["database", "files"], least_free: 5 }.matters();
        let keys: Vec<_> = both.iter().map(|matter| (matter.key.as_str(), matter.severity)).collect();
        assert_eq!(keys, [("storage.unwritable", Severity::Critical), ("disk.low", Severity::Critical)]);
        assert_eq!(both[1].title, "Less than 5% is free where this is kept: database, files");
        assert!(both.iter().all(|matter| Places::is_theirs(&matter.key)), "or nobody would resolve it");
    }
}
