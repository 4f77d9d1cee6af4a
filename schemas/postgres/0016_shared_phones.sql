-- Phones of customers that are found with others, who have the same number: there is one of each key in the table phone.
-- When it goes there, it is given to the first who has it here.
create table shared_phone (
  company_id  bigint  not null,
  id          bigint  not null,
  customer_id bigint  not null,
  typed       text    not null,
  key         text    collate "C" not null,
  tail        text    collate "C" not null,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
create index shared_phone_key on shared_phone (company_id, key, id);
create index shared_phone_customer on shared_phone (company_id, customer_id);
