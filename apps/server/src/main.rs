//! The program `ashlar`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ashlar_server::command::run(std::env::args_os()).into()
}
