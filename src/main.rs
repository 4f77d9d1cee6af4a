//! The program; everything is in the library, so that everything is compiled there, in parts side by side.

use std::process::ExitCode;

fn main() -> ExitCode {
    laidian::cli::main()
}
