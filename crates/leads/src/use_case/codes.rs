//! The error codes of the use cases.

ashlar_kernel::error_codes! {
    /// Codes of leads.
    pub mod list {
        DUPLICATE_LEAD = "duplicate_lead", Conflict, "Lead exists already",
            "Another lead of this tenant has the e-mail address. `existing_id` names it, if you may see it. Send `on_duplicate=return` to be given it instead, or `on_duplicate=merge_blank` to add to it what it lacks.";
        ILLEGAL_TRANSITION = "illegal_transition", Conflict, "Not from here",
            "The lead cannot go there from where it stands; `allowed` lists where you may move it.";
        FORM_EXPIRED = "form_expired", Gone, "Form too old",
            "The page got its form more than seven days ago. Load the page anew, and send the form with the new `t`. Nothing was kept.";
        TWO_CLIENTS = "two_clients", Conflict, "Two clients",
            "More than one of the leads is a client, and a client is one lead. Leave all of them but one out.";
        IMPORT_OVER = "import_over", Conflict, "Import is over",
            "The import is done, has failed or was called off already, so it cannot be called off.";
        EXPORT_OVER = "export_over", Conflict, "Export is over",
            "The export is done, has failed or was called off already, so it cannot be called off.";
        CONTRACT_SIGNED = "contract_signed", Conflict, "Signed",
            "The contract was signed, and says what it says. Only where it stands may still change.";
        TOO_MANY_FILES = "too_many_files", Conflict, "Too many files",
            "A contract has at most ten files.";
        DOWNLOAD_LINK_INVALID = "download_link_invalid", Malformed, "Link not good",
            "The link was not made here, was changed, or has run out. Ask for a new one.";
    }
}

pub use list::*;
