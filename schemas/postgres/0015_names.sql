-- What names are sorted by (domain/pinyin.rs), and what names of labels are compared by (domain/folding.rs).
alter table customer add column name_sort text collate "C" not null default '';
create index customer_name_sort on customer (company_id, name_sort, id);
alter table staff add column name_sort text collate "C" not null default '';
alter table service_group add column name_sort text collate "C" not null default '';
alter table plm_product add column name_sort text collate "C" not null default '';
alter table label add column key text not null default '';
update label set key = name;
create index label_key on label (company_id, key, id);
