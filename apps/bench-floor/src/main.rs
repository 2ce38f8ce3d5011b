//! A bare server that Ashlar is measured against by `cargo xtask bench`.
//!
//! What it promises: the reads and writes of a few of Ashlar's endpoints with hand-written SQL and nothing else: no
//! rate limits, no metrics, no log, no permissions, no session map. It is a floor for cost, not a product, and it is
//! only ever started on the loopback interface.

mod ceiling;
mod copy;
mod data;
mod events;
mod password;
mod serve;
mod sign_in;
mod trail;

use anyhow::{Result, bail};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve", port, database, jwks, key] => serve::run(port.parse()?, database, jwks, key).await,
        ["load", database, users, sessions] => data::load(database, users.parse()?, sessions.parse()?).await,
        ["new-database", server, name] => events::new_database(server, name).await,
        ["fill-events", database, events] => events::fill(database, events.parse()?).await,
        ["verify-events", events] => trail::measure(events.parse()?),
        ["hold-sealer", database, seconds] => events::hold(database, seconds.parse()?).await,
        ["copy-leads", database] => copy::leads(database).await,
        ["argon2", threads, seconds] => ceiling::measure(threads.parse()?, seconds.parse()?),
        _ => bail!("this program is started by `cargo xtask bench`"),
    }
}
