-- The area whose numbers are dialled without an area code, and by which rules keys and terms were made last.
alter table company add column area_code text;
alter table company add column rules text not null default '';

-- The numbers of a customer's contacts. Several customers may share one.
create table contact_phone (
  company_id  bigint  not null,
  customer_id bigint  not null,
  position    bigint  not null,
  name        text    not null,
  typed       text    not null,
  key         text    collate "C" not null,
  tail        text    collate "C" not null,
  primary key (company_id, customer_id, position),
  foreign key (company_id, customer_id) references customer (company_id, id) on delete cascade
);
create index contact_phone_key on contact_phone (company_id, key, customer_id);
create index contact_phone_tail on contact_phone (company_id, tail, customer_id);
