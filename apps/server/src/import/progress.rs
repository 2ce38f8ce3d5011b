//! How far an import is, for somebody who watches.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on a terminal, and nothing elsewhere.
pub struct Progress(ProgressBar);

impl Progress {
    /// For a file of `bytes`, if that is known.
    pub fn on_stderr(bytes: Option<u64>) -> Self {
        if !io::stderr().is_terminal() {
            return Self::hidden();
        }
        let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr());
        let template = if bytes.is_some() { "{bar:40} {percent}% {eta} left" } else { "{bytes} read in {elapsed}" };
        // A template that is none leaves the usual bar.
        Self(match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_no_template) => bar,
        })
    }

    /// For nobody.
    pub fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    pub(super) fn at(&self, bytes: u64) {
        self.0.set_position(bytes);
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
