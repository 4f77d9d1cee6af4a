//! `queries!`: each fixed SQL text once, for both engines.
//!
//! - `global` queries are methods of [`Store`](super::Store): they answer before a company is known.
//! - `read` queries are methods of [`Scope`](super::Scope) and [`Tx`](super::Tx); `write` queries of `Tx`
//!   only. Their `$1` is always the company of the scope: there is no parameter to forget.
//! - `-> Option<Row>` fetches at most one row, `-> Vec<Row>` all, `-> u64` answers the rows affected.
//! - `postgres:` gives a text of its own where the engines must differ.

macro_rules! queries {
    ($($(#[$meta:meta])* $kind:ident fn $name:ident($($arg:ident: $type:ty),* $(,)?) -> $shape:ident $(<$row:ty>)? {
        $sqlite:literal $(, postgres: $postgres:literal)? $(,)?
    })*) => {
        /// Every fixed statement: name, SQLite text, PostgreSQL text.
        pub const STATEMENTS: &[(&str, &str, &str)] = &[
            $((stringify!($name), $sqlite, queries!(@text $sqlite $(, $postgres)?))),*
        ];
        $(queries! { @$kind $(#[$meta])* fn $name($($arg: $type),*) -> ($shape $(<$row>)?) {
            $sqlite, queries!(@text $sqlite $(, $postgres)?)
        } })*
    };
    (@text $sqlite:literal) => { $sqlite };
    (@text $sqlite:literal, $postgres:literal) => { $postgres };

    (@global $(#[$meta:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $shape:tt { $sqlite:expr, $postgres:expr }) => {
        impl crate::store::Store {
            $(#[$meta])*
            pub async fn $name(&self, $($arg: $type),*) -> sqlx::Result<queries!(@type $shape)> {
                queries!(@run $shape, self, $sqlite, $postgres, $($arg),*)
            }
        }
    };
    (@read $(#[$meta:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $shape:tt { $sqlite:expr, $postgres:expr }) => {
        impl crate::store::Scope {
            $(#[$meta])*
            pub async fn $name(&self, $($arg: $type),*) -> sqlx::Result<queries!(@type $shape)> {
                queries!(@run $shape, self.store, $sqlite, $postgres, self.company $(, $arg)*)
            }
        }
        queries! { @write $(#[$meta])* fn $name($($arg: $type),*) -> $shape { $sqlite, $postgres } }
    };
    (@write $(#[$meta:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $shape:tt { $sqlite:expr, $postgres:expr }) => {
        impl crate::store::Tx {
            $(#[$meta])*
            #[allow(clippy::too_many_arguments, reason = "a row has as many columns as it has")]
            pub async fn $name(&mut self, $($arg: $type),*) -> sqlx::Result<queries!(@type $shape)> {
                let company = self.company();
                queries!(@run $shape, self, $sqlite, $postgres, company $(, $arg)*)
            }
        }
    };

    (@type (u64)) => { u64 };
    (@type (Option<$row:ty>)) => { Option<$row> };
    (@type (Vec<$row:ty>)) => { Vec<$row> };

    (@run (u64), $on:expr, $sqlite:expr, $postgres:expr, $($arg:expr),*) => {
        $on.execute([$sqlite, $postgres], &[$(crate::store::bind::Bind::from($arg)),*]).await
    };
    (@run (Option<$row:ty>), $on:expr, $sqlite:expr, $postgres:expr, $($arg:expr),*) => {
        $on.first::<$row>([$sqlite, $postgres], &[$(crate::store::bind::Bind::from($arg)),*]).await
    };
    (@run (Vec<$row:ty>), $on:expr, $sqlite:expr, $postgres:expr, $($arg:expr),*) => {
        $on.all::<$row>([$sqlite, $postgres], &[$(crate::store::bind::Bind::from($arg)),*]).await
    };
}
