-- As in the embedded engine, which puts the terms of customers off; here they are put in at once.
create table pending_term (
  id          bigint generated always as identity primary key,
  company_id  bigint not null,
  customer_id bigint not null,
  terms       text   not null,
  unique (company_id, customer_id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
