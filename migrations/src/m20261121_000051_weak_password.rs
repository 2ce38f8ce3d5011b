//! Passwords that turned out to be among those everybody tries first.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261121_000051_weak_password",
    up: |_| {
        "-- The credential_version whose password was found on the list. With the next password it says nothing any more.
         ALTER TABLE \"user\" ADD COLUMN weak_password_version integer;"
            .to_owned()
    },
    down: |_| "ALTER TABLE \"user\" DROP COLUMN weak_password_version;".to_owned(),
};
