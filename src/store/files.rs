//! Files in pieces, and work that goes on after its answer.

use super::rows::{ActionRow, BytesRow, FileRow, NumberRow, TextRow};

queries! {
    // ---- files

    read fn file(id: &str, created_by: &str) -> Option<FileRow> {
        "select id, name, bytes, created_at from file where company_id = $1 and id = $2 and created_by = $3 and is_whole = 1"
    }
    /// How many files there are that this one made.
    read fn files_by(created_by: &str) -> Option<NumberRow> {
        "select count(*) as value from file where company_id = $1 and created_by = $2"
    }
    /// The files that were made before then, some of them.
    read fn files_before(created_at: i64) -> Vec<TextRow> {
        "select id as value from file where company_id = $1 and created_at < $2 order by created_at limit 100"
    }
    /// How many pieces a file has.
    read fn file_pieces(file_id: &str) -> Option<NumberRow> {
        "select count(*) as value from file_piece where company_id = $1 and file_id = $2"
    }
    read fn file_piece(file_id: &str, number: i64) -> Option<BytesRow> {
        "select data as value from file_piece where company_id = $1 and file_id = $2 and number = $3"
    }
    write fn insert_file(id: &str, name: &str, created_at: i64, created_by: &str) -> u64 {
        "insert into file (company_id, id, name, bytes, is_whole, created_at, created_by) values ($1, $2, $3, 0, 0, $4, $5)"
    }
    write fn insert_file_piece(file_id: &str, number: i64, data: &[u8]) -> u64 {
        "insert into file_piece (company_id, file_id, number, data) values ($1, $2, $3, $4)"
    }
    write fn finish_file(id: &str, bytes: i64) -> u64 {
        "update file set bytes = $3, is_whole = 1 where company_id = $1 and id = $2"
    }
    write fn delete_file(id: &str) -> u64 {
        "delete from file where company_id = $1 and id = $2"
    }
    write fn delete_file_pieces(file_id: &str, from: i64) -> u64 {
        "delete from file_piece where company_id = $1 and file_id = $2 and number >= $3"
    }

    // ---- which column is which field

    read fn import_schema(id: &str) -> Option<TextRow> {
        "select columns as value from import_schema where company_id = $1 and id = $2"
    }
    write fn put_import_schema(id: &str, name: &str, columns: &str, created_at: i64, created_by: &str) -> u64 {
        "insert into import_schema (company_id, id, name, columns, created_at, created_by) values ($1, $2, $3, $4, $5, $6)
         on conflict (company_id, id) do update set name = excluded.name, columns = excluded.columns, created_at = excluded.created_at, created_by = excluded.created_by"
    }
    /// Keeps as many of them, the latest.
    write fn forget_import_schemas(kept: i64) -> u64 {
        "delete from import_schema where company_id = $1 and id in
           (select id from import_schema where company_id = $1 order by created_at desc, id limit 1000000 offset $2)"
    }

    // ---- work that goes on after its answer

    read fn async_action(id: &str) -> Option<ActionRow> {
        "select id, name, kind, subject, tag, state, done, succeeded, total, result, created_at, created_by, updated_at
         from async_action where company_id = $1 and id = $2"
    }
    /// How much is waiting or at work, of what has been heard of since then.
    read fn async_actions_since(updated_at: i64) -> Option<NumberRow> {
        "select count(*) as value from async_action where company_id = $1 and state < 30 and updated_at > $2"
    }
    write fn insert_async_action(id: &str, name: &str, kind: &str, subject: &str, tag: &str, at: i64, by: &str) -> u64 {
        "insert into async_action (company_id, id, name, kind, subject, tag, state, done, succeeded, total, created_at, created_by, updated_at)
         values ($1, $2, $3, $4, $5, $6, 10, 0, 0, 0, $7, $8, $7)"
    }
    /// Marks it as being at work, with as many steps; none is affected that is to end.
    write fn begin_async_action(id: &str, total: i64, at: i64) -> u64 {
        "update async_action set state = 20, total = $3, updated_at = $4 where company_id = $1 and id = $2 and state = 10"
    }
    /// Counts steps; none is affected that is to end.
    write fn advance_async_action(id: &str, done: i64, succeeded: i64, at: i64) -> u64 {
        "update async_action set done = done + $3, succeeded = succeeded + $4, updated_at = $5
         where company_id = $1 and id = $2 and state in (10, 20)"
    }
    /// Ends what waits, with this result, and asks what is at work to end, if something was heard of it since then.
    write fn cancel_async_action(id: &str, result: &str, at: i64, heard_since: i64) -> u64 {
        "update async_action set result = case state when 10 then $3 end, state = case state when 10 then 41 else 21 end, updated_at = $4
         where company_id = $1 and id = $2 and state in (10, 20) and updated_at >= $5"
    }
    write fn end_async_action(id: &str, state: i64, result: &str, at: i64) -> u64 {
        "update async_action set state = $3, result = $4, updated_at = $5 where company_id = $1 and id = $2 and state < 30"
    }
    write fn forget_async_actions(before: i64) -> u64 {
        "delete from async_action where company_id = $1 and created_at < $2"
    }
}
