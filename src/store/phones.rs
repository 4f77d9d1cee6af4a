//! The numbers by which customers are found: their own, of which each is one customer's, and those of their contacts.
//!
//! By rules of today, customers of older rules may share a number. It is found with one of them; the other's stands in
//! `shared_phone` until that one gives it up.

use super::rows::{CustomerRow, NumberRow, PhoneRow, SharedPhoneRow, TextRow};

queries! {
    /// The customer whose phone has this key.
    read fn customer_by_phone(key: &str) -> Option<CustomerRow> {
        "select c.* from phone p cross join customer c where p.company_id = $1 and p.key = $2 and c.company_id = $1 and c.id = p.customer_id"
    }
    /// The phones of the number with this key and of its extensions, those of contacts too.
    read fn phones_of_line(line: &str, limit: i64) -> Vec<PhoneRow> {
        "select cast(null as text) as contact, customer_id, typed, key, tail from phone where company_id = $1 and key = $2
         union all select null, customer_id, typed, key, tail from phone where company_id = $1 and key >= $2 || ';' and key < $2 || '<'
         union all select name, customer_id, typed, key, tail from contact_phone where company_id = $1 and key = $2
         union all select name, customer_id, typed, key, tail from contact_phone where company_id = $1 and key >= $2 || ';' and key < $2 || '<'
         limit $3 + 0"
    }
    /// The phones whose tail begins so: between `from` and, exclusive, `to`; those of contacts behind the others.
    read fn phones_by_tail_prefix(from: &str, to: &str, limit: i64) -> Vec<PhoneRow> {
        "select cast(null as text) as contact, customer_id, typed, key, tail from phone where company_id = $1 and tail >= $2 and tail < $3
         union all select name, customer_id, typed, key, tail from contact_phone where company_id = $1 and tail >= $2 and tail < $3
         limit $4 + 0"
    }
    /// The phones whose whole tail is one of these (a JSON array); those of contacts behind the others.
    read fn phones_by_tail(tails: &str, limit: i64) -> Vec<PhoneRow> {
        "select cast(null as text) as contact, p.customer_id, p.typed, p.key, p.tail from json_each($2) k cross join phone p on p.company_id = $1 and p.tail = k.value
         union all select p.name, p.customer_id, p.typed, p.key, p.tail from json_each($2) k cross join contact_phone p on p.company_id = $1 and p.tail = k.value
         limit $3 + 0",
        postgres: "select cast(null as text) as contact, p.customer_id, p.typed, p.key, p.tail from jsonb_array_elements_text($2::jsonb) k join phone p on p.company_id = $1 and p.tail = k.value
         union all select p.name, p.customer_id, p.typed, p.key, p.tail from jsonb_array_elements_text($2::jsonb) k join contact_phone p on p.company_id = $1 and p.tail = k.value
         limit $3 + 0"
    }
    /// Adds the phones of a JSON array of [id, typed, key, tail] that nobody has yet; the rows that were added.
    write fn insert_phones(customer_id: i64, phones: &str) -> Vec<TextRow> {
        "insert into phone (company_id, customer_id, id, typed, key, tail)
         select $1, $2, value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each($3) where true
         on conflict do nothing returning key as value",
        postgres: "insert into phone (company_id, customer_id, id, typed, key, tail)
         select $1, $2, (value ->> 0)::bigint, value ->> 1, value ->> 2, value ->> 3 from jsonb_array_elements($3::jsonb)
         on conflict do nothing returning key as value"
    }
    /// Adds the phones of contacts of a JSON array of [name, typed, key, tail].
    write fn insert_contact_phones(customer_id: i64, phones: &str) -> u64 {
        "insert into contact_phone (company_id, customer_id, position, name, typed, key, tail)
         select $1, $2, key, value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each($3)",
        postgres: "insert into contact_phone (company_id, customer_id, position, name, typed, key, tail)
         select $1, $2, place - 1, value ->> 0, value ->> 1, value ->> 2, value ->> 3 from jsonb_array_elements($3::jsonb) with ordinality k (value, place)"
    }
    write fn delete_contact_phones(customer_id: i64) -> u64 {
        "delete from contact_phone where company_id = $1 and customer_id = $2"
    }
    /// The phones of these customers (a JSON array of ids).
    read fn phones_of(ids: &str) -> Vec<PhoneRow> {
        "select cast(null as text) as contact, p.customer_id, p.typed, p.key, p.tail
         from json_each($2) k cross join phone p on p.company_id = $1 and p.customer_id = k.value",
        postgres: "select cast(null as text) as contact, p.customer_id, p.typed, p.key, p.tail
         from jsonb_array_elements_text($2::jsonb) k join phone p on p.company_id = $1 and p.customer_id = k.value::bigint"
    }
    /// Removes the phones of a customer; their keys.
    write fn delete_phones(customer_id: i64) -> Vec<TextRow> {
        "delete from phone where company_id = $1 and customer_id = $2 returning key as value"
    }

    /// Keeps phones of a customer (a JSON array of [id, typed, key, tail]) that others have, for when they have them no more.
    write fn insert_shared_phones(customer_id: i64, phones: &str) -> u64 {
        "insert into shared_phone (company_id, customer_id, id, typed, key, tail)
         select $1, $2, value ->> 0, value ->> 1, value ->> 2, value ->> 3 from json_each($3)",
        postgres: "insert into shared_phone (company_id, customer_id, id, typed, key, tail)
         select $1, $2, (value ->> 0)::bigint, value ->> 1, value ->> 2, value ->> 3 from jsonb_array_elements($3::jsonb)"
    }
    write fn delete_shared_phones(customer_id: i64) -> u64 {
        "delete from shared_phone where company_id = $1 and customer_id = $2"
    }
    /// Gives the numbers with these keys (a JSON array) that nobody is found by to the first of those who share them;
    /// the phones' ids.
    write fn hand_over_phones(keys: &str) -> Vec<NumberRow> {
        "insert into phone (company_id, customer_id, id, typed, key, tail)
         select company_id, customer_id, id, typed, key, tail from shared_phone
         where company_id = $1 and key in (select value from json_each($2)) order by id
         on conflict do nothing returning id as value",
        postgres: "insert into phone (company_id, customer_id, id, typed, key, tail)
         select company_id, customer_id, id, typed, key, tail from shared_phone
         where company_id = $1 and key in (select value from jsonb_array_elements_text($2::jsonb)) order by id
         on conflict do nothing returning id as value"
    }
    /// Removes shared phones by their ids (a JSON array).
    write fn delete_handed_over(ids: &str) -> u64 {
        "delete from shared_phone where company_id = $1 and id in (select value from json_each($2))",
        postgres: "delete from shared_phone where company_id = $1 and id in (select value::bigint from jsonb_array_elements_text($2::jsonb))"
    }
    /// The next phones after this id that are found with another customer, in the order of their ids.
    read fn shared_phones(after: i64, limit: i64) -> Vec<SharedPhoneRow> {
        "select s.id, s.customer_id, s.typed, p.customer_id as found_with
         from shared_phone s join phone p on p.company_id = $1 and p.key = s.key
         where s.company_id = $1 and s.id > $2 order by s.id limit $3 + 0"
    }
}
