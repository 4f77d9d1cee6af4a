-- How programs prove for whom they act. Its id is unique in the whole installation, because it says which
-- company a call is for. kind: app (signs with the secret), bearer (sends a token whose SHA-256 the secret is).
-- acts_as is the operator in whose name it works; without one, it is the company's system user.
create table credential (
  id         text    not null primary key,
  company_id integer not null references company (id),
  kind       text    not null,
  dialect    text    not null,
  name       text    not null,
  secret     text    not null,
  acts_as    text,
  unlimited  integer not null default 0,
  rotated_at integer not null default 0
) strict, without rowid;
insert into credential (id, company_id, kind, dialect, name, secret) select id, company_id, 'app', 'cti', name, token from app;
drop table app;
create index credential_company on credential (company_id);
create unique index credential_bearer on credential (secret) where kind = 'bearer';

-- When somebody's sign-ins ended, all of them: by a new password, by being disabled, by a new secret. Asked
-- for once a second; hardly any row is in these indexes.
alter table staff add column signed_out_at integer not null default 0;
drop index staff_disabled;
create index staff_signed_out on staff (signed_out_at) where signed_out_at > 0;
create index credential_rotated on credential (rotated_at) where rotated_at > 0;
