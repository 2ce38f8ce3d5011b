//! Throw-away PostgreSQL and Redis for one run.

mod account;
mod folder;
pub(crate) mod port;
mod postgres;
mod redis;
mod server;

use std::time::Duration;

use anyhow::Result;

pub(crate) use self::postgres::Postgres;
pub(crate) use self::redis::Redis;
use crate::say;
use crate::session::Session;
use crate::wait;

/// Finds or installs PostgreSQL and starts it.
pub(crate) fn start_postgres(session: &mut Session) -> Result<()> {
    let postgres = Postgres::start(&session.interrupt)?;
    say::line(&format!("    {}", postgres.url()));
    session.postgres = Some(postgres);
    Ok(())
}

/// Finds or installs Redis and starts it.
pub(crate) fn start_redis(session: &mut Session) -> Result<()> {
    let redis = Redis::start(&session.interrupt)?;
    say::line(&format!("    {}", redis.url()));
    session.redis = Some(redis);
    Ok(())
}

/// Stops what was started; dropping the session would do the same, only later and unseen.
pub(crate) fn stop(session: &mut Session) {
    let redis = session.redis.take().map(drop);
    let postgres = session.postgres.take().map(drop);
    if redis.or(postgres).is_some() {
        say::line("\nServices are stopped, their folders removed.");
    }
}

/// `cargo xtask services`: both, until Ctrl-C.
pub(crate) fn hold(session: &mut Session) -> Result<()> {
    start_postgres(session)?;
    start_redis(session)?;
    let exports = [
        ("ASHLAR_TEST_POSTGRES_URL", session.postgres.as_ref().map(Postgres::url)),
        ("ASHLAR_TEST_REDIS_URL", session.redis.as_ref().map(Redis::url)),
    ];
    say::line("\nBoth run until Ctrl-C. In another terminal:\n");
    for (name, url) in exports {
        say::line(&format!("export {name}={}", url.unwrap_or_default()));
    }
    while !session.interrupt.is_raised() {
        // The only error is the signal that is waited for.
        let _ = wait::for_a_while(Duration::from_hours(1), &session.interrupt);
    }
    stop(session);
    Ok(())
}
