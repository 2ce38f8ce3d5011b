//! What happens to second factors.

use ashlar_kernel::{DomainEvent, EventSpec, Outcome, Target};
use serde::Serialize;

use crate::UserId;

/// A fact about a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "`user` is whose it is, in each of them")]
pub enum SecondFactorEvent {
    /// A secret was shown to the owner.
    TotpEnrolled { user: UserId },
    /// The first code was wrong.
    EnrolmentFailed { user: UserId },
    /// The first code was right: from now on one is asked for.
    TotpConfirmed { user: UserId },
    /// The owner gave it up.
    TotpDisabled { user: UserId },
    /// An administrator took it away.
    ResetByAdmin { user: UserId },
    /// A code was right.
    Succeeded {
        user: UserId,
        /// `totp`.
        method: &'static str,
    },
    /// A code on paper was used.
    BackupCodeUsed {
        user: UserId,
        /// How many are left.
        remaining: usize,
    },
    /// There are new codes on paper.
    BackupCodesRegenerated { user: UserId },
    /// A code was wrong, after a right password.
    Failed {
        user: UserId,
        /// How many codes the sign-in may still try.
        attempts_left: u32,
    },
    /// A code was presented that had been used.
    ReplayRejected { user: UserId },
    /// Too many wrong codes.
    Locked {
        user: UserId,
        /// For how many seconds.
        seconds: i64,
    },
    /// The password was right; a code is asked for.
    Challenged { user: UserId },
}

const USER: (&str, &str) = ("user", "Id of the account.");

macro_rules! specs {
    ($($name:ident: { name: $event:literal, summary: $summary:literal, data: [$($data:expr),*] })+) => {
        $(const $name: EventSpec = EventSpec {
            name: $event, schema_version: 1, summary: $summary, targets: &["user"], data: &[USER $(, $data)*],
        };)+
        /// The catalogue entries of [`SecondFactorEvent`].
        pub(crate) const fn second_factor_event_specs() -> &'static [EventSpec] {
            &[$($name),+]
        }
    };
}

specs! {
    ENROLLED: {
        name: "identity.mfa.totp_enrolled",
        summary: "A secret for an authenticator was shown to the owner. It is not asked for before it is confirmed.",
        data: []
    }
    ENROLMENT_FAILED: {
        name: "identity.mfa.enrolment_failed",
        summary: "The first code of a new authenticator was wrong.",
        data: []
    }
    CONFIRMED: {
        name: "identity.mfa.totp_confirmed",
        summary: "The first code of a new authenticator was right: one is asked for at each sign-in from now on.",
        data: []
    }
    DISABLED: {
        name: "identity.mfa.totp_disabled",
        summary: "The owner gave up the second factor.",
        data: []
    }
    RESET: {
        name: "identity.mfa.reset_by_admin",
        summary: "An administrator took the second factor away. All sessions ended.",
        data: []
    }
    SUCCEEDED: {
        name: "identity.mfa.succeeded",
        summary: "The code of an authenticator was right. It does not count again.",
        data: [("method", "totp.")]
    }
    CODE_USED: {
        name: "identity.mfa.backup_code_used",
        summary: "A code on paper was used. It does not count again.",
        data: [("remaining", "How many are left.")]
    }
    REGENERATED: {
        name: "identity.mfa.backup_codes_regenerated",
        summary: "There are new codes on paper; those of before are worthless.",
        data: []
    }
    FAILED: {
        name: "identity.mfa.failed",
        summary: "A code was wrong, after a right password: somebody may have the password.",
        data: [("attempts_left", "How many codes this sign-in may still try.")]
    }
    REPLAY: {
        name: "identity.mfa.replay_rejected",
        summary: "A code was presented that had been used.",
        data: []
    }
    LOCKED: {
        name: "identity.mfa.locked",
        summary: "After too many wrong codes none is tried for a while.",
        data: [("seconds", "How long.")]
    }
    CHALLENGED: {
        name: "identity.login.mfa_challenged",
        summary: "The password was right; a code is asked for.",
        data: []
    }
}

impl DomainEvent for SecondFactorEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::TotpEnrolled { .. } => ENROLLED.name,
            Self::EnrolmentFailed { .. } => ENROLMENT_FAILED.name,
            Self::TotpConfirmed { .. } => CONFIRMED.name,
            Self::TotpDisabled { .. } => DISABLED.name,
            Self::ResetByAdmin { .. } => RESET.name,
            Self::Succeeded { .. } => SUCCEEDED.name,
            Self::BackupCodeUsed { .. } => CODE_USED.name,
            Self::BackupCodesRegenerated { .. } => REGENERATED.name,
            Self::Failed { .. } => FAILED.name,
            Self::ReplayRejected { .. } => REPLAY.name,
            Self::Locked { .. } => LOCKED.name,
            Self::Challenged { .. } => CHALLENGED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::TotpEnrolled { user }
        | Self::EnrolmentFailed { user }
        | Self::TotpConfirmed { user }
        | Self::TotpDisabled { user }
        | Self::ResetByAdmin { user }
        | Self::Succeeded { user, .. }
        | Self::BackupCodeUsed { user, .. }
        | Self::BackupCodesRegenerated { user }
        | Self::Failed { user, .. }
        | Self::ReplayRejected { user }
        | Self::Locked { user, .. }
        | Self::Challenged { user }) = self;
        vec![Target::new("user", user)]
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::EnrolmentFailed { .. } | Self::Failed { .. } => Outcome::Failed,
            Self::ReplayRejected { .. } | Self::Locked { .. } => Outcome::Denied,
            _ => Outcome::Ok,
        }
    }
}
