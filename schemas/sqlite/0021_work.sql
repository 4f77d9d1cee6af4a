-- Customers that were merged into another are kept in the recycle bin, from where they can be taken out again. given: what
-- the other had before and after, a JSON object.
alter table deleted_customer add column merged_into integer;
alter table deleted_customer add column given text;
create index deleted_customer_merged on deleted_customer (company_id, merged_into) where merged_into is not null;
-- Whose history a line came from, when that customer was merged into this one.
alter table change add column moved_from integer;
-- Relations lead to customers from either side.
create index plm_relation_target on plm_relation (company_id, target_id);

-- Lists that somebody has named. login_key is whose it is; is_shared: everybody sees it. condition is a JSON object.
create table saved_view (
  company_id integer not null references company (id),
  id         integer not null,
  login_key  text    not null,
  is_shared  integer not null,
  name       text    not null,
  condition  text    not null,
  sort       text    not null,
  updated_at integer not null,
  primary key (company_id, id)
) strict, without rowid;

insert into sqlite_stat1 (tbl, idx, stat) values
  ('deleted_customer', 'deleted_customer_merged', '1000 100 2'),
  ('plm_relation', 'plm_relation_target', '1000000 100000 20'),
  ('saved_view', 'saved_view', '1000 100 1');
analyze sqlite_schema;
