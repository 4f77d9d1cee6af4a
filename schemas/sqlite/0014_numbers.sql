-- The area whose numbers are dialled without an area code, and by which rules keys and terms were made last.
alter table company add column area_code text;
alter table company add column rules text not null default '';

-- The numbers of a customer's contacts. Several customers may share one.
create table contact_phone (
  company_id  integer not null,
  customer_id integer not null,
  position    integer not null,
  name        text    not null,
  typed       text    not null,
  key         text    not null,
  tail        text    not null,
  primary key (company_id, customer_id, position),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
) strict;
create index contact_phone_key on contact_phone (company_id, key, customer_id);
create index contact_phone_tail on contact_phone (company_id, tail, customer_id);
