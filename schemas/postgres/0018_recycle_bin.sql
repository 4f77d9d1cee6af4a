-- Deleted customers, until they are restored or removed for good. Every row that was a customer's is kept as a JSON object
-- of its columns; what a customer is found by is not kept, but made anew when it is restored.
-- haystack: its names, folded, and the digits of its numbers. shared: the phones that another customer had with it, a JSON
-- array of [id, customer]. is_given_up: its time is over, and its rows are being removed.
create table deleted_customer (
  company_id bigint  not null references company (id),
  id         bigint  not null,
  deleted_at bigint  not null,
  deleted_by text    not null,
  owner_key  text,
  group_id   bigint,
  haystack   text    not null,
  shared     text    not null,
  is_given_up bigint not null default 0,
  primary key (company_id, id)
);
create index deleted_customer_at on deleted_customer (company_id, deleted_at, id);

create table deleted_row (
  company_id  bigint  not null,
  customer_id bigint  not null,
  source      text    collate "C" not null,
  number      bigint  not null,
  content     text    not null,
  primary key (company_id, customer_id, source, number),
  foreign key (company_id, customer_id) references deleted_customer (company_id, id) on delete cascade
);
