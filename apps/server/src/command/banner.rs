//! What a newcomer reads first.

use std::{fmt::Write as _, net::SocketAddr};

use ashlar_identity::use_case::FirstAdministrator;
use ashlar_kernel::ExposeSecret as _;
use chrono::SecondsFormat;

use crate::{
    config::{Config, Profile},
    demo::Demo,
};

/// Where to look, also for `operators`, and a line to paste that works.
pub(super) fn banner(
    config: &Config,
    operators: Option<SocketAddr>,
    demo: Option<&Demo>,
    first: Option<&FirstAdministrator>,
) -> String {
    let base = config.public_base();
    let mut text = format!("\n  Ashlar {} is ready.\n\n", env!("CARGO_PKG_VERSION"));
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _infallible = writeln!(text, "  {name:<14}{value}");
    };
    line("API", &format!("{base}/api/v1"));
    line("Swagger UI", &format!("{base}/docs"));
    line("Description", &format!("{base}/openapi.json"));
    if let Some(operators) = operators {
        line("Metrics", &format!("http://{operators}/metrics"));
    }
    line("Listening on", &config.listen.to_string());
    match first {
        Some(FirstAdministrator::Token { token, until }) => {
            line("First admin", &format!("register with bootstrap_token {}", token.expose_secret()));
            line("", &format!("(shown once; good until {})", until.to_rfc3339_opts(SecondsFormat::Secs, true)));
        }
        Some(FirstAdministrator::Awaited { .. }) => {
            line("First admin", "has not come yet; for another token: ashlar users bootstrap-token");
        }
        Some(FirstAdministrator::HasCome) | None => {}
    }
    if config.profile == Profile::Production {
        return text;
    }
    line("Data", &config.data_dir.display().to_string());
    if !config.listen.ip().is_loopback() {
        line("Careful", "others can reach this address; the embedded profile is made for one machine");
    }
    match demo {
        Some(demo) => {
            let password = demo.password.expose_secret();
            line("Admin", &format!("{}  password {password}", demo.admin));
            line("", &format!("(shown once; kept in {})", demo.file.display()));
            text.push_str(&try_it(&login(base, demo.admin, password)));
        }
        None => text.push_str(&try_it(&format!("curl -s {base}/health/ready"))),
    }
    text
}

fn try_it(command: &str) -> String {
    format!("\n  Try it:\n\n    {command}\n\n  Stop it with Ctrl-C.\n")
}

fn login(base: &str, email: &str, password: &str) -> String {
    let body = format!(r#"{{"identifier":"{email}","password":"{password}"}}"#);
    format!("curl -s {base}/api/v1/auth/login -H 'content-type: application/json' -d '{body}'")
}
