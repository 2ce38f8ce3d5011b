//! The pipeline: where a lead stands, and where it may go from there.

use super::choice::choice;

choice! {
    /// Where a lead stands.
    LeadStatus, "new, contacted, qualified, proposal, won, lost, spam" {
        /// Nobody has done anything yet.
        New = "new",
        /// Somebody has spoken to them.
        Contacted = "contacted",
        /// They want something that can be had.
        Qualified = "qualified",
        /// They have an offer.
        Proposal = "proposal",
        /// They have taken it.
        Won = "won",
        /// They will not.
        Lost = "lost",
        /// It was no lead.
        Spam = "spam",
    }
}

impl LeadStatus {
    /// Where whoever works with the lead may move it.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::New => &[Self::Contacted, Self::Qualified, Self::Lost, Self::Spam],
            Self::Contacted => &[Self::Qualified, Self::Proposal, Self::Lost, Self::Spam],
            Self::Qualified => &[Self::Proposal, Self::Won, Self::Lost],
            Self::Proposal => &[Self::Won, Self::Lost, Self::Qualified],
            Self::Lost => &[Self::Contacted],
            Self::Won | Self::Spam => &[],
        }
    }

    /// Whether whoever moves a lead here has spoken to it.
    pub const fn is_contact(self) -> bool {
        matches!(self, Self::Contacted)
    }

    /// Whether the lead holds its address: of what is spam, the address is free.
    pub const fn holds_address(self) -> bool {
        !matches!(self, Self::Spam)
    }
}

/// What somebody may do with leads besides moving them along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MovePower {
    /// Say that it was no spam.
    pub may_unspam: bool,
    /// Go back on what was won.
    pub may_reopen: bool,
}

impl MovePower {
    /// Where somebody with this power may move a lead.
    pub fn next(self, from: LeadStatus) -> Vec<LeadStatus> {
        let more = match from {
            LeadStatus::Spam if self.may_unspam => Some(LeadStatus::New),
            LeadStatus::Won if self.may_reopen => Some(LeadStatus::Proposal),
            _ => None,
        };
        from.next().iter().copied().chain(more).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pipeline_is_the_one_that_was_agreed() {
        let shown = |power: MovePower| {
            let line = |from: &LeadStatus| {
                let next: Vec<_> = power.next(*from).into_iter().map(LeadStatus::as_str).collect();
                format!("{}: {}", from.as_str(), next.join(" "))
            };
            LeadStatus::ALL.iter().map(line).collect::<Vec<_>>()
        };
        assert_eq!(
            shown(MovePower::default()),
            [
                "new: contacted qualified lost spam",
                "contacted: qualified proposal lost spam",
                "qualified: proposal won lost",
                "proposal: won lost qualified",
                "won: ",
                "lost: contacted",
                "spam: ",
            ]
        );
        let all = shown(MovePower { may_unspam: true, may_reopen: true });
        assert_eq!((all[4].as_str(), all[6].as_str()), ("won: proposal", "spam: new"));
    }
}
