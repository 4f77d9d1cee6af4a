-- Deleted customers, until they are restored or removed for good. Every row that was a customer's is kept as a JSON object
-- of its columns; what a customer is found by is not kept, but made anew when it is restored.
-- haystack: its names, folded, and the digits of its numbers. shared: the phones that another customer had with it, a JSON
-- array of [id, customer]. is_given_up: its time is over, and its rows are being removed.
create table deleted_customer (
  company_id integer not null references company (id),
  id         integer not null,
  deleted_at integer not null,
  deleted_by text    not null,
  owner_key  text,
  group_id   integer,
  haystack   text    not null,
  shared     text    not null,
  is_given_up integer not null default 0,
  primary key (company_id, id)
) strict;
create index deleted_customer_at on deleted_customer (company_id, deleted_at, id);

create table deleted_row (
  company_id  integer not null,
  customer_id integer not null,
  source      text    not null,
  number      integer not null,
  content     text    not null,
  primary key (company_id, customer_id, source, number),
  foreign key (company_id, customer_id) references deleted_customer (company_id, id) on delete cascade
) strict, without rowid;

insert into sqlite_stat1 (tbl, idx, stat) values
  ('deleted_customer', 'sqlite_autoindex_deleted_customer_1', '10000 1000 1'),
  ('deleted_customer', 'deleted_customer_at', '10000 1000 2 1'),
  ('deleted_row', 'deleted_row', '1000000 100000 10 2 1');
analyze sqlite_schema;
