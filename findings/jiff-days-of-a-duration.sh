#!/usr/bin/env bash
# jiff 0.2.43 adds no SignedDuration of more than 2,932,896 days to a date, although the sum is a date that it has.
#
# So many days lie between 1970 and the last day that jiff has. The length of the duration is held against that bound, which
# is one of dates and not of lengths. A Span of as many days is added. Spreadsheets count from 30 December 1899 and go up to
# the year 9999: a date from 30 December 9929 on cannot be reckoned that way.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "seen"
version = "0.1.0"
edition = "2021"

[dependencies]
jiff = { version = "=0.2.43", default-features = false, features = ["std"] }
TOML
cat > "$folder/src/main.rs" <<'RUST'
use jiff::{civil::date, SignedDuration, ToSpan};

fn main() {
    let begin = date(1899, 12, 30);
    for days in [2_932_896_i32, 2_932_897, 2_958_465] {
        let by_span = begin.checked_add(days.days());
        let by_duration = begin.checked_add(SignedDuration::from_hours(i64::from(days) * 24));
        println!("{days} | {:?} | {:?}", by_span.ok(), by_duration.ok());
    }
}
RUST
cargo run --quiet --manifest-path "$folder/Cargo.toml" > "$folder/seen"
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
2932896 | Some(9929-12-29) | Some(9929-12-29)
2932897 | Some(9929-12-30) | None
2958465 | Some(9999-12-31) | None
SEEN
