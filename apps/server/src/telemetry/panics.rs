//! Panics as log lines, so that they carry the request id of the span they happened in.

use std::panic::{self, PanicHookInfo};

/// The field of where a panic happened, as `file:line:column`.
pub(super) const LOCATION: &str = "panic.location";

/// From here on a panic is one line of the log instead of free text on stderr.
pub fn log_panics() {
    panic::set_hook(Box::new(|info| {
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(panic.location = location, "panic: {}", message(info));
    }));
}

fn message<'i>(info: &'i PanicHookInfo<'_>) -> &'i str {
    info.payload_as_str().unwrap_or("(no message)")
}
