//! Every fixed query. `$1` is the company in `read` and `write` queries (see `macros.rs`).

use super::rows::{
    AuditRow, CompanyRow, CounterRow, CredentialRow, CustomerRow, DictionaryRow, DocumentRow, FieldRow, MembershipRow,
    NamedRow, NumberRow, PasswordRow, PlacedRow, RequestRow, RightsRow, StaffRow, TextRow, WithdrawalRow,
};

queries! {
    // ---- before a company is known

    /// The credential with this id, of whichever company.
    global fn credential(id: &str) -> Option<CredentialRow> {
        "select id, company_id, kind, dialect, name, secret, acts_as, unlimited, grants from credential where id = $1"
    }
    /// The credential whose token has this digest, of whichever company.
    global fn bearer(digest: &str) -> Option<CredentialRow> {
        "select id, company_id, kind, dialect, name, secret, acts_as, unlimited, grants from credential where kind = 'bearer' and secret = $1"
    }
    /// All companies.
    global fn companies() -> Vec<CompanyRow> {
        "select id, name, time_zone, country, area_code, token_secret, duplicates, rules from company order by id"
    }

    /// The customers of these phones, a JSON array of [company, key], each with the place of its phone in it, the name of
    /// the contact whose phone it is, if it is not the customer's own, and
    /// its columns, in the order of `CustomerRow`, as one JSON array: a row of one text crosses between threads
    /// at a fraction of the cost of a row of many. The companies are those of the scopes that ask. Of the customers who
    /// share a contact's phone, the newest 100 come (the `+` has SQLite ask which these are only where there is one at all).
    global fn customers_by_phones(phones: &str) -> Vec<PlacedRow> {
        "select k.key as place, cast(null as text) as contact, json_array(c.id, c.version, c.name, c.company_name, c.address, c.type_value, c.flag_value, c.source_value, c.task_id, c.owner_no, c.group_id, c.star,
           c.follow_count, c.last_accept, c.assigned_at, c.last_follow_at, c.created_at, c.created_by, c.updated_at, c.updated_by, c.custom, c.phones, c.labels) as customer
         from json_each($1) k
         cross join phone p on p.company_id = k.value ->> 0 and p.key = k.value ->> 1
         cross join customer c on c.company_id = p.company_id and c.id = p.customer_id
         union all
         select k.key as place, p.name as contact, json_array(c.id, c.version, c.name, c.company_name, c.address, c.type_value, c.flag_value, c.source_value, c.task_id, c.owner_no, c.group_id, c.star,
           c.follow_count, c.last_accept, c.assigned_at, c.last_follow_at, c.created_at, c.created_by, c.updated_at, c.updated_by, c.custom, c.phones, c.labels) as customer
         from json_each($1) k
         cross join contact_phone p on p.company_id = k.value ->> 0 and p.key = k.value ->> 1
           and +p.customer_id in (select customer_id from contact_phone where company_id = k.value ->> 0 and key = k.value ->> 1 order by customer_id desc limit 100)
         cross join customer c on c.company_id = p.company_id and c.id = p.customer_id",
        postgres: "select k.place - 1 as place, cast(null as text) as contact, json_build_array(c.id, c.version, c.name, c.company_name, c.address, c.type_value, c.flag_value, c.source_value, c.task_id, c.owner_no, c.group_id, c.star,
           c.follow_count, c.last_accept, c.assigned_at, c.last_follow_at, c.created_at, c.created_by, c.updated_at, c.updated_by, c.custom, c.phones, c.labels)::text as customer
         from jsonb_array_elements($1::jsonb) with ordinality k (value, place)
         join phone p on p.company_id = (k.value ->> 0)::bigint and p.key = k.value ->> 1
         join customer c on c.company_id = p.company_id and c.id = p.customer_id
         union all
         select k.place - 1 as place, p.name as contact, json_build_array(c.id, c.version, c.name, c.company_name, c.address, c.type_value, c.flag_value, c.source_value, c.task_id, c.owner_no, c.group_id, c.star,
           c.follow_count, c.last_accept, c.assigned_at, c.last_follow_at, c.created_at, c.created_by, c.updated_at, c.updated_by, c.custom, c.phones, c.labels)::text as customer
         from jsonb_array_elements($1::jsonb) with ordinality k (value, place)
         cross join lateral (select company_id, customer_id, name from contact_phone
           where company_id = (k.value ->> 0)::bigint and key = k.value ->> 1 order by customer_id desc limit 100) p
         join customer c on c.company_id = p.company_id and c.id = p.customer_id"
    }

    /// Whose sign-ins have ended since then, in all companies.
    global fn withdrawals(since: i64) -> Vec<WithdrawalRow> {
        "select company_id, login_key, cast(null as text) as credential, case disabled when 1 then 9223372036854775807 else signed_out_at end as at
         from staff where signed_out_at > 0 and signed_out_at >= $1
         union all select company_id, cast(null as text), id, rotated_at from credential where rotated_at > 0 and rotated_at >= $1"
    }

    // ---- the company and its lists

    /// The company of this scope.
    read fn company_row() -> Option<CompanyRow> {
        "select id, name, time_zone, country, area_code, token_secret, duplicates, rules from company where id = $1"
    }
    /// Its groups, by id.
    read fn groups() -> Vec<NamedRow> {
        "select id, name from service_group where company_id = $1 order by id"
    }
    /// Its staff, by login number.
    read fn staff() -> Vec<StaffRow> {
        "select login_key, login_no, name, role, disabled, signed_out_at, number, mobile from staff where company_id = $1 order by login_key"
    }
    /// How an operator signs in.
    read fn password(login_key: &str) -> Option<PasswordRow> {
        "select password from staff where company_id = $1 and login_key = $2"
    }
    /// Who belongs to which group.
    read fn memberships() -> Vec<MembershipRow> {
        "select login_key, group_id from membership where company_id = $1 order by group_id, login_key"
    }
    /// The entries of all its dictionaries, in their order.
    read fn dictionary_items() -> Vec<DictionaryRow> {
        "select kind, value, name from dictionary_item where company_id = $1 order by kind, position, value"
    }
    /// Its customer tasks.
    read fn tasks() -> Vec<NamedRow> {
        "select id, name from task where company_id = $1 order by id"
    }
    /// Its custom fields, in their order.
    read fn custom_fields() -> Vec<FieldRow> {
        "select id, name, kind, options, required from custom_field where company_id = $1 order by position, id"
    }
    /// What its roles may do, where that differs from the usual.
    read fn role_rights() -> Vec<RightsRow> {
        "select role, rights from role_rights where company_id = $1"
    }
    /// How its programs prove who they are.
    read fn credentials() -> Vec<CredentialRow> {
        "select id, company_id, kind, dialect, name, secret, acts_as, unlimited, grants from credential where company_id = $1 order by id"
    }

    // ---- setting a company up

    write fn put_company(name: &str, time_zone: &str, country: &str, token_secret: &str) -> u64 {
        "insert into company (id, name, time_zone, country, token_secret) values ($1, $2, $3, $4, $5)
         on conflict (id) do update set name = excluded.name, time_zone = excluded.time_zone, country = excluded.country"
    }
    write fn set_area_code(area_code: Option<&str>) -> u64 {
        "update company set area_code = $2 where id = $1"
    }
    /// Says by which rules the keys and terms of all customers are made now.
    write fn set_rules(rules: &str) -> u64 {
        "update company set rules = $2 where id = $1"
    }
    write fn set_token_secret(token_secret: &str) -> u64 {
        "update company set token_secret = $2 where id = $1"
    }
    write fn set_duplicates(duplicates: &str) -> u64 {
        "update company set duplicates = $2 where id = $1"
    }
    write fn put_counter() -> u64 {
        "insert into counter (company_id) values ($1) on conflict (company_id) do nothing"
    }
    write fn put_group(id: i64, name: &str, name_sort: &str) -> u64 {
        "insert into service_group (company_id, id, name, name_sort) values ($1, $2, $3, $4)
         on conflict (company_id, id) do update set name = excluded.name, name_sort = excluded.name_sort"
    }
    write fn put_staff(login_key: &str, login_no: &str, name: &str, role: &str, name_sort: &str) -> u64 {
        "insert into staff (company_id, login_key, login_no, name, role, name_sort, number)
         select $1, $2, $3, $4, $5, $6, coalesce(max(number), 0) + 1 from staff where company_id = $1
         on conflict (company_id, login_key) do update set login_no = excluded.login_no, name = excluded.name, role = excluded.role, name_sort = excluded.name_sort"
    }
    write fn set_mobile(login_key: &str, mobile: Option<&str>) -> u64 {
        "update staff set mobile = $3 where company_id = $1 and login_key = $2"
    }
    write fn set_password(login_key: &str, password: Option<&str>, at: i64) -> u64 {
        "update staff set password = $3, signed_out_at = $4 where company_id = $1 and login_key = $2"
    }
    write fn set_disabled(login_key: &str, disabled: i64, at: i64) -> u64 {
        "update staff set disabled = $3, signed_out_at = $4 where company_id = $1 and login_key = $2"
    }
    write fn sign_out(login_key: &str, at: i64) -> u64 {
        "update staff set signed_out_at = $3 where company_id = $1 and login_key = $2"
    }
    write fn delete_memberships(login_key: &str) -> u64 {
        "delete from membership where company_id = $1 and login_key = $2"
    }
    write fn put_membership(login_key: &str, group_id: i64) -> u64 {
        "insert into membership (company_id, login_key, group_id) values ($1, $2, $3) on conflict do nothing"
    }
    /// What is null stays.
    write fn put_dictionary_item(kind: &str, value: &str, name: Option<&str>, position: Option<i64>) -> u64 {
        "insert into dictionary_item (company_id, kind, value, name, position) values ($1, $2, $3, coalesce($4, ''), coalesce($5, 0))
         on conflict (company_id, kind, value) do update set
           name = coalesce($4, dictionary_item.name), position = coalesce($5, dictionary_item.position)"
    }
    write fn put_role_rights(role: &str, rights: &str) -> u64 {
        "insert into role_rights (company_id, role, rights) values ($1, $2, $3)
         on conflict (company_id, role) do update set rights = excluded.rights"
    }
    write fn put_task(id: i64, name: &str) -> u64 {
        "insert into task (company_id, id, name) values ($1, $2, $3)
         on conflict (company_id, id) do update set name = excluded.name"
    }
    write fn put_custom_field(id: i64, name: &str, kind: &str, options: &str, required: i64, position: i64) -> u64 {
        "insert into custom_field (company_id, id, name, kind, options, required, position) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (company_id, id) do update set name = excluded.name, kind = excluded.kind,
           options = excluded.options, required = excluded.required, position = excluded.position"
    }
    /// Adds a credential; 0 when there is one with this id.
    write fn insert_credential(id: &str, kind: &str, dialect: &str, name: &str, secret: &str, acts_as: Option<&str>, unlimited: i64, grants: Option<&str>) -> u64 {
        "insert into credential (company_id, id, kind, dialect, name, secret, acts_as, unlimited, grants) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict do nothing"
    }
    /// Gives a credential another secret; 0 when the company has no such one.
    write fn rotate_credential(id: &str, secret: &str, at: i64) -> u64 {
        "update credential set secret = $3, rotated_at = $4 where company_id = $1 and id = $2"
    }

    // ---- the audit

    write fn insert_audit(id: &str, at: i64, kind: &str, login_no: &str, address: &str, what: &str) -> u64 {
        "insert into audit (company_id, id, at, kind, login_no, address, what) values ($1, $2, $3, $4, $5, $6, $7)"
    }
    /// The lines before this one, newest first; of this kind and of these login numbers (a JSON array), where they are given.
    read fn audit_of(before: &str, kind: Option<&str>, login_nos: &str, limit: i64) -> Vec<AuditRow> {
        "select id, at, kind, login_no, address, what from audit
         where company_id = $1 and id < $2 and ($3 is null or kind = $3) and login_no in (select value from json_each($4))
         order by id desc limit $5 + 0",
        postgres: "select id, at, kind, login_no, address, what from audit
         where company_id = $1 and id < $2 and ($3::text is null or kind = $3)
           and login_no = any (array(select jsonb_array_elements_text($4::jsonb))) order by id desc limit $5 + 0"
    }
    /// The same of this login number, or of anybody.
    read fn audit(before: &str, kind: Option<&str>, login_no: Option<&str>, limit: i64) -> Vec<AuditRow> {
        "select id, at, kind, login_no, address, what from audit
         where company_id = $1 and id < $2 and ($3 is null or kind = $3) and ($4 is null or login_no = $4) order by id desc limit $5 + 0",
        postgres: "select id, at, kind, login_no, address, what from audit
         where company_id = $1 and id < $2 and ($3::text is null or kind = $3) and ($4::text is null or login_no = $4) order by id desc limit $5 + 0"
    }
    write fn forget_audit(before: i64) -> u64 {
        "delete from audit where company_id = $1 and at < $2"
    }

    // ---- numbers

    /// Takes numbers for a change and adjusts the count of customers; the row holds the last of each kind.
    /// The first statement of every change of customers: PostgreSQL's writers of one company queue up here, in one order.
    write fn count(customers: i64, new_customers: i64, phones: i64, labels: i64, changes: i64, feeds: i64, events: i64) -> Option<CounterRow> {
        "update counter set customers = customers + $2, last_customer = last_customer + $3, last_phone = last_phone + $4,
           last_label = last_label + $5, last_change = last_change + $6, last_feed = last_feed + $7, last_event = last_event + $8
         where company_id = $1
         returning last_customer, last_phone, last_label, last_change, last_feed, last_event, customers"
    }
    /// How many customers there are.
    read fn customer_count() -> Option<NumberRow> {
        "select customers as value from counter where company_id = $1"
    }

    // ---- customers

    read fn customer(id: i64) -> Option<CustomerRow> {
        "select * from customer where company_id = $1 and id = $2"
    }
    /// The customers of these ids (a JSON array), in no particular order.
    read fn customers_by_id(ids: &str) -> Vec<CustomerRow> {
        "select c.* from json_each($2) k cross join customer c on c.company_id = $1 and c.id = k.value",
        postgres: "select c.* from jsonb_array_elements_text($2::jsonb) k join customer c on c.company_id = $1 and c.id = k.value::bigint"
    }
    /// The next customers after this id, in the order of their ids: one page of a walk over all.
    read fn customers_after(id: i64, limit: i64) -> Vec<CustomerRow> {
        "select * from customer where company_id = $1 and id > $2 order by id limit $3 + 0"
    }
    /// Customers by folded name, newest first; of this owner, and of these groups (a JSON array), where they are given.
    read fn customers_by_name(name_key: &str, owner_key: Option<&str>, groups: Option<&str>, limit: i64) -> Vec<CustomerRow> {
        "select * from customer where company_id = $1 and name_key = $2 and ($3 is null or owner_key = $3)
           and ($4 is null or group_id in (select value from json_each($4))) order by id desc limit $5 + 0",
        postgres: "select * from customer where company_id = $1 and name_key = $2 and ($3::text is null or owner_key = $3)
           and ($4::text is null or group_id in (select value::bigint from jsonb_array_elements_text($4::jsonb))) order by id desc limit $5 + 0"
    }
    /// Customers by folded company name, likewise.
    read fn customers_by_company(company_key: &str, owner_key: Option<&str>, groups: Option<&str>, limit: i64) -> Vec<CustomerRow> {
        "select * from customer where company_id = $1 and company_key = $2 and ($3 is null or owner_key = $3)
           and ($4 is null or group_id in (select value from json_each($4))) order by id desc limit $5 + 0",
        postgres: "select * from customer where company_id = $1 and company_key = $2 and ($3::text is null or owner_key = $3)
           and ($4::text is null or group_id in (select value::bigint from jsonb_array_elements_text($4::jsonb))) order by id desc limit $5 + 0"
    }
    write fn insert_customer(
        id: i64, name: Option<&str>, company_name: Option<&str>, address: Option<&str>,
        type_value: Option<&str>, flag_value: Option<&str>, source_value: Option<&str>,
        task_id: Option<i64>, owner_key: Option<&str>, owner_no: Option<&str>, group_id: Option<i64>,
        star: i64, follow_count: i64, last_accept: Option<&str>, assigned_at: Option<i64>, last_follow_at: Option<i64>,
        created_at: i64, created_by: &str, updated_at: i64, updated_by: &str,
        custom: Option<&str>, phones: &str, labels: &str, name_key: &str, company_key: &str,
        name_sort: &str, haystack: &str, sorts: Option<&str>,
    ) -> u64 {
        "insert into customer (company_id, id, version, name, company_name, address, type_value, flag_value, source_value,
           task_id, owner_key, owner_no, group_id, star, follow_count, last_accept, assigned_at, last_follow_at,
           created_at, created_by, updated_at, updated_by, custom, phones, labels, name_key, company_key, name_sort, haystack,
           sorts)
         values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)"
    }
    /// Stores what is in no index, or in that of the last changes, and counts a version.
    write fn update_details(
        id: i64, address: Option<&str>, follow_count: i64, last_accept: Option<&str>,
        assigned_at: Option<i64>, last_follow_at: Option<i64>, updated_at: i64, updated_by: &str,
        custom: Option<&str>, phones: &str, labels: &str, sorts: Option<&str>,
    ) -> u64 {
        "update customer set version = version + 1, address = $3, follow_count = $4, last_accept = $5, assigned_at = $6,
           last_follow_at = $7, updated_at = $8, updated_by = $9, custom = $10, phones = $11, labels = $12, sorts = $13
         where company_id = $1 and id = $2"
    }
    write fn update_names(
        id: i64, name: Option<&str>, company_name: Option<&str>,
        name_key: &str, company_key: &str, name_sort: &str, haystack: &str,
    ) -> u64 {
        "update customer set name = $3, company_name = $4, name_key = $5, company_key = $6, name_sort = $7, haystack = $8
         where company_id = $1 and id = $2"
    }
    write fn update_values(
        id: i64, type_value: Option<&str>, flag_value: Option<&str>, source_value: Option<&str>,
    ) -> u64 {
        "update customer set type_value = $3, flag_value = $4, source_value = $5 where company_id = $1 and id = $2"
    }
    write fn update_assignment(
        id: i64, task_id: Option<i64>, owner_key: Option<&str>, owner_no: Option<&str>, group_id: Option<i64>,
    ) -> u64 {
        "update customer set task_id = $3, owner_key = $4, owner_no = $5, group_id = $6 where company_id = $1 and id = $2"
    }
    write fn update_star(id: i64, star: i64) -> u64 {
        "update customer set star = $3 where company_id = $1 and id = $2"
    }
    write fn delete_customer(id: i64) -> u64 {
        "delete from customer where company_id = $1 and id = $2"
    }

    /// What one system knows of a customer: a JSON object.
    read fn document(customer_id: i64, dialect: &str) -> Option<TextRow> {
        "select document as value from customer_document where company_id = $1 and customer_id = $2 and dialect = $3"
    }
    /// The documents of these customers (a JSON array of ids), the customer detail system's first.
    read fn documents(ids: &str) -> Vec<DocumentRow> {
        "select d.customer_id, d.dialect, d.document
         from json_each($2) k cross join customer_document d on d.company_id = $1 and d.customer_id = k.value
         order by d.customer_id, d.dialect desc",
        postgres: "select d.customer_id, d.dialect, d.document from jsonb_array_elements_text($2::jsonb) k
         join customer_document d on d.company_id = $1 and d.customer_id = k.value::bigint
         order by d.customer_id, d.dialect desc"
    }
    /// The same with what they say of level and industry only.
    read fn document_words(ids: &str) -> Vec<DocumentRow> {
        "select d.customer_id, d.dialect, json_object('levelName', d.document -> 'levelName', 'grade_name', d.document -> 'grade_name',
           'industry_id', d.document -> 'industry_id', 'industryPath', d.document -> 'industryPath') as document
         from json_each($2) k cross join customer_document d on d.company_id = $1 and d.customer_id = k.value
         order by d.customer_id, d.dialect desc",
        postgres: "select d.customer_id, d.dialect, json_build_object('levelName', t.j -> 'levelName', 'grade_name', t.j -> 'grade_name',
           'industry_id', t.j -> 'industry_id', 'industryPath', t.j -> 'industryPath')::text as document
         from jsonb_array_elements_text($2::jsonb) k
         join customer_document d on d.company_id = $1 and d.customer_id = k.value::bigint
         cross join lateral (select d.document::json as j) t
         order by d.customer_id, d.dialect desc"
    }
    write fn put_document(customer_id: i64, dialect: &str, document: &str) -> u64 {
        "insert into customer_document (company_id, customer_id, dialect, document) values ($1, $2, $3, $4)
         on conflict (company_id, customer_id, dialect) do update set document = excluded.document"
    }

    // ---- what a customer is found by

    /// Stores the phones that a customer shows and nothing else.
    write fn set_phones(id: i64, phones: &str) -> u64 {
        "update customer set phones = $3 where company_id = $1 and id = $2 and phones <> $3"
    }
    /// Has no terms wait to be put in, of any customer.
    write fn delete_pending_terms() -> u64 {
        "delete from pending_term where company_id = $1"
    }
    /// Removes the first so many terms there are.
    write fn delete_some_terms(most: i64) -> u64 {
        "delete from customer_term where company_id = $1 and (term, customer_id) in
         (select term, customer_id from customer_term where company_id = $1 order by term, customer_id limit $2 + 0)"
    }
    /// The labels whose names are these in a comparison (a JSON array of keys), in the order of their ids.
    read fn labels_by_key(keys: &str) -> Vec<NamedRow> {
        "select l.id, l.name from json_each($2) k cross join label l on l.company_id = $1 and l.key = k.value order by l.id",
        postgres: "select l.id, l.name from jsonb_array_elements_text($2::jsonb) k join label l on l.company_id = $1 and l.key = k.value order by l.id"
    }
    write fn insert_label(id: i64, name: &str, key: &str) -> u64 {
        "insert into label (company_id, id, name, key) values ($1, $2, $3, $4)"
    }
    write fn delete_customer_labels(customer_id: i64) -> u64 {
        "delete from customer_label where company_id = $1 and customer_id = $2"
    }
    /// Links the labels of these ids (a JSON array).
    write fn insert_customer_labels(customer_id: i64, labels: &str) -> u64 {
        "insert into customer_label (company_id, customer_id, label_id) select $1, $2, value from json_each($3)",
        postgres: "insert into customer_label (company_id, customer_id, label_id)
         select $1, $2, value::bigint from jsonb_array_elements_text($3::jsonb)"
    }
    /// Adds search terms (a JSON array of texts): all that the customer has. The embedded engine
    /// [puts them off](super::sqlite::PendingTerms).
    write fn insert_terms(customer_id: i64, terms: &str) -> u64 {
        "insert or replace into pending_term (company_id, customer_id, terms) values ($1, $2, $3)",
        postgres: "insert into customer_term (company_id, term, customer_id)
         select $1, value, $2 from jsonb_array_elements_text($3::jsonb) on conflict do nothing"
    }
    /// Removes search terms (a JSON array of texts).
    write fn delete_terms(customer_id: i64, terms: &str) -> u64 {
        "delete from customer_term where company_id = $1 and customer_id = $2 and term in (select value from json_each($3))",
        postgres: "delete from customer_term where company_id = $1 and customer_id = $2
         and term in (select value from jsonb_array_elements_text($3::jsonb))"
    }

    // ---- what happened

    write fn insert_change(id: i64, customer_id: i64, at: i64, author_no: &str, author_name: &str, lines: &str) -> u64 {
        "insert into change (company_id, id, customer_id, at, author_no, author_name, lines) values ($1, $2, $3, $4, $5, $6, $7)"
    }
    write fn insert_ticket(id: i64, customer_id: i64, at: i64, title: &str, content: &str, handler_no: &str, status: &str, urgency: &str) -> u64 {
        "insert into ticket (company_id, id, customer_id, at, title, content, handler_no, status, urgency) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    }
    write fn insert_follow_up(id: i64, customer_id: i64, at: i64, author_no: &str, author_name: &str, content: &str, flag_value: Option<&str>) -> u64 {
        "insert into follow_up (company_id, id, customer_id, at, author_no, author_name, content, flag_value) values ($1, $2, $3, $4, $5, $6, $7, $8)"
    }
    write fn insert_call(id: i64, customer_id: i64, at: i64, call_type: &str, outcome: &str, seconds: i64) -> u64 {
        "insert into call_log (company_id, id, customer_id, at, call_type, outcome, seconds) values ($1, $2, $3, $4, $5, $6, $7)"
    }
    write fn insert_text_message(id: i64, customer_id: i64, at: i64, phone: &str, content: &str, direction: &str, status: &str) -> u64 {
        "insert into text_message (company_id, id, customer_id, at, phone, content, direction, status) values ($1, $2, $3, $4, $5, $6, $7, $8)"
    }

    // ---- writes that can be sent again

    /// What the caller's request with this id came to, unless that was before `since`.
    read fn request(login_no: &str, id: &str, since: i64) -> Option<RequestRow> {
        "select fingerprint, outcome from request where company_id = $1 and login_no = $2 and id = $3 and at >= $4"
    }
    write fn insert_request(login_no: &str, id: &str, fingerprint: &str, outcome: &str, at: i64) -> u64 {
        "insert into request (company_id, login_no, id, fingerprint, outcome, at) values ($1, $2, $3, $4, $5, $6)"
    }
    write fn forget_requests(before: i64) -> u64 {
        "delete from request where company_id = $1 and at < $2"
    }
    /// The lines of the last changes of a customer, newest first; its own, not those of who was merged into it.
    read fn last_changes(customer_id: i64, limit: i64) -> Vec<TextRow> {
        "select lines as value from change where company_id = $1 and customer_id = $2 and moved_from is null order by id desc limit $3 + 0"
    }

    // ---- signed calls

    /// Remembers a nonce; 0 when it was used before.
    write fn insert_nonce(app_id: &str, nonce: &str, expires_at: i64) -> u64 {
        "insert into nonce (company_id, app_id, nonce, expires_at) values ($1, $2, $3, $4) on conflict do nothing"
    }
    write fn forget_nonces(before: i64) -> u64 {
        "delete from nonce where company_id = $1 and expires_at < $2"
    }
}
