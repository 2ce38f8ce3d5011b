//! The error codes of the use cases.

ashlar_kernel::error_codes! {
    /// Codes of leads.
    pub mod list {
        DUPLICATE_LEAD = "duplicate_lead", Conflict, "Lead exists already",
            "Another lead of this tenant has the e-mail address. `existing_id` names it, if you may see it. Send `on_duplicate=return` to be given it instead, or `on_duplicate=merge_blank` to add to it what it lacks.";
        ILLEGAL_TRANSITION = "illegal_transition", Conflict, "Not from here",
            "The lead cannot go there from where it stands; `allowed` lists where you may move it.";
        IMPORT_OVER = "import_over", Conflict, "Import is over",
            "The import is done, has failed or was called off already, so it cannot be called off.";
    }
}

pub use list::*;
