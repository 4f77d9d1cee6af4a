-- What was written down about customers in a quarter of an hour, by who wrote it and by the deal flag that the customers got with
-- it; '' where they got none. customers: each once a day, own_customers: once a day for each who writes. gained: how many got
-- the flag.
create table work_count (
  company_id     integer not null references company (id),
  quarter        integer not null,
  login_key      text not null,
  flag_value     text not null,
  follow_ups     integer not null,
  customers      integer not null,
  own_customers  integer not null,
  first_contacts integer not null,
  gained         integer not null,
  primary key (company_id, quarter, login_key, flag_value)
) strict, without rowid;

-- The calls of a customer come in their order, also those that began at once.
drop index call_customer;
create index call_customer on call (company_id, customer_id, started_at, call_id);
