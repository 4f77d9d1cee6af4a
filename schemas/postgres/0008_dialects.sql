-- What one documented system knows of a customer and the others do not: a JSON object for each (see
-- domain/document.rs for what may be in it).
create table customer_document (
  company_id  bigint not null,
  customer_id bigint not null,
  dialect     text    not null,
  document    text    not null,
  primary key (company_id, customer_id, dialect),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);

-- People have numbers, too: some systems know them by nothing else.
alter table staff add column number bigint not null default 0;
update staff set number = (select count(*) from staff s where s.company_id = staff.company_id and s.login_key <= staff.login_key);
create unique index staff_number on staff (company_id, number);
