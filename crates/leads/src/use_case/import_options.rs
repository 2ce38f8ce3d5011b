//! Judges how a file is to be imported, before there is a file.

use std::collections::BTreeSet;

use ashlar_kernel::{Context, FieldError, FieldErrors, FieldFault, Invalid, Patch, StoreError};

use super::{Leads, NoOwner};
use crate::import::{ImportOptions, wish_input};

/// Two columns are one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("two columns cannot be one field")]
struct Twice;

impl FieldFault for Twice {
    fn code(&self) -> &'static str {
        "duplicate"
    }
}

/// What is wrong with a default.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.0.message)]
struct Found(FieldError);

impl FieldFault for Found {
    fn code(&self) -> &'static str {
        self.0.code
    }
}

/// Whether a row may still put it right: names and consents may come in parts, one of which is a default.
fn may_be_completed(error: &FieldError) -> bool {
    error.pointer == "/full_name" || error.code == "required"
}

impl Leads {
    /// What is wrong with options whatever the file says: defaults that nothing may be, and columns that are one field.
    pub(super) async fn judge_options(
        &self,
        context: &Context,
        options: &ImportOptions,
    ) -> Result<Result<(), Invalid>, StoreError> {
        let mut errors = FieldErrors::default();
        let mut once = BTreeSet::new();
        if !options.mapping.values().flatten().all(|field| once.insert(*field)) {
            errors.refuse("/mapping", &Twice);
        }
        let (_id, input, extras) = wish_input(&[], &[], &options.defaults);
        let mut found = FieldErrors::default();
        let mut patch = self.patch(context, input, &mut found);
        extras.judge(&mut patch, context.now, &mut found);
        if let Patch::Set(owner) = patch.owner
            && !self.0.ports.team.looks_after_leads(context.tenant, owner).await?
        {
            found.refuse("/owner_id", &NoOwner);
        }
        let found = found.finish().map_or_else(|invalid| invalid.errors().to_vec(), |()| Vec::new());
        for error in found.into_iter().filter(|error| !may_be_completed(error)) {
            let pointer = format!("/defaults{}", error.pointer.replace("/utm/", "/utm_"));
            errors.refuse(&pointer, &Found(error));
        }
        Ok(errors.finish())
    }
}
