-- Customers that were merged into another are kept in the recycle bin, from where they can be taken out again. given: what
-- the other had before and after, a JSON object.
alter table deleted_customer add column merged_into bigint;
alter table deleted_customer add column given text;
create index deleted_customer_merged on deleted_customer (company_id, merged_into) where merged_into is not null;
-- Whose history a line came from, when that customer was merged into this one.
alter table change add column moved_from bigint;
-- Relations lead to customers from either side.
create index plm_relation_target on plm_relation (company_id, target_id);

-- Lists that somebody has named. login_key is whose it is; is_shared: everybody sees it. condition is a JSON object.
create table saved_view (
  company_id bigint not null references company (id),
  id         bigint not null,
  login_key  text    not null,
  is_shared  bigint not null,
  name       text    not null,
  condition  text    not null,
  sort       text    not null,
  updated_at bigint not null,
  primary key (company_id, id)
);

