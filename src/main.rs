//! The `conc` command: arguments → run → exit status.

mod cli;

fn main() {
    std::process::exit(cli::main(std::env::args_os().skip(1).collect()));
}
