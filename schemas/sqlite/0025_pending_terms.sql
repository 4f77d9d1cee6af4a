-- The terms of customers that are not in customer_term yet, a JSON array each; in the order in which they came. Put in
-- one by one, the terms of a customer would touch a page of the tree each; many customers' in the order of the terms share
-- them.
create table pending_term (
  id          integer not null primary key autoincrement,
  company_id  integer not null,
  customer_id integer not null,
  terms       text    not null,
  unique (company_id, customer_id),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict;
