-- Phones of customers that are found with others, who have the same number: there is one of each key in the table phone.
-- When it goes there, it is given to the first who has it here.
create table shared_phone (
  company_id  integer not null,
  id          integer not null,
  customer_id integer not null,
  typed       text    not null,
  key         text    not null,
  tail        text    not null,
  primary key (company_id, id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict, without rowid;
create index shared_phone_key on shared_phone (company_id, key, id);
create index shared_phone_customer on shared_phone (company_id, customer_id);
