-- What names are sorted by (domain/pinyin.rs), and what names of labels are compared by (domain/folding.rs).
alter table customer add column name_sort text not null default '';
create index customer_name_sort on customer (company_id, name_sort, id);
alter table staff add column name_sort text not null default '';
alter table service_group add column name_sort text not null default '';
alter table plm_product add column name_sort text not null default '';
alter table label add column key text not null default '';
update label set key = name;
create index label_key on label (company_id, key, id);

insert into sqlite_stat1 (tbl, idx, stat) values
  ('customer', 'customer_name_sort', '1000000 100000 2 1'),
  ('label', 'label_key', '10000 1000 1 1');
analyze sqlite_schema;
