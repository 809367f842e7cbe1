//! The `conc` command: arguments → run → exit status.

mod cli;
mod repl;

/// So that a script which takes too much memory gets an error, and the process is not killed.
#[global_allocator]
static MEMORY: conc::memory::Counting = conc::memory::Counting;

fn main() {
    std::process::exit(cli::main(std::env::args_os().skip(1).collect()));
}
