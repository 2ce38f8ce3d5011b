//! The error codes of the newsletter.

ashlar_kernel::error_codes! {
    /// Codes of the newsletter.
    pub mod list {
        CONFIRM_TOKEN_GONE = "confirm_token_gone", Gone, "Link used or too old",
            "The link was used already, is older than 72 hours, or there is nothing to confirm by it. Ask for another letter at `resend`.";
        SUPPRESSED = "suppressed", Conflict, "Not to be written to",
            "The owner of the address has complained, or was erased. Nobody enters it again on their behalf.";
        UNSUBSCRIBED = "unsubscribed", Conflict, "Has unsubscribed",
            "The owner of the address does not want letters of this list. Only they themselves ask for them again.";
        LIST_TAKEN = "list_taken", Conflict, "List exists already",
            "Another list of this tenant has the short name.";
        TOO_MANY_LISTS = "too_many_lists", Conflict, "Too many lists",
            "A tenant has at most 100 lists.";
    }
}

pub use list::*;
