-- What texts other than names are sorted by, where that is not the text itself (domain/pinyin.rs): a JSON object by field.
alter table customer add column sorts text;
alter table plm_customer add column sorts text;
alter table plm_customer add column categories_name_sort text;
